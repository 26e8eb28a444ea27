"""Values that a letter is made of: who sends it, which edition it is, what it shows, and to whom."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import quote, urlsplit

from articles.article import Article
from mail.headers import HeaderError, fit_address, header_text

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?", re.ASCII)
_LEAVE_TOKEN = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Mailbox:
    """An address and the name that people see before it."""

    name: str
    address: str

    def __post_init__(self) -> None:
        fit_address("From", self.address)
        if not header_text(self.name):
            raise HeaderError("From", "the sender has no name; write it as Name <name@domain>")


@dataclass(frozen=True, kw_only=True)
class Imprint:
    """How readers reach a person at the sender: what is not given is empty."""

    postal: str = ""
    address: str = ""
    phone: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Colours:
    """The accent of letters on light and on dark ground, and of what is written on it: each as `#0b5a66`."""

    accent: str = "#0b5a66"
    on_accent: str = "#ffffff"
    accent_dark: str = "#8ed3dd"
    on_accent_dark: str = "#0d2227"


@dataclass(frozen=True, kw_only=True)
class Masthead:
    """What all letters of a digest have in common. `public_url` ends with a slash.

    `leave_mailbox` is where wishes to leave are read, when a mail program sends them by mail.
    """

    name: str
    title: str
    sender: Mailbox
    language: str
    public_url: str
    reply_to: Mailbox | None = None
    leave_mailbox: str | None = None
    imprint: Imprint = Imprint()
    colours: Colours = Colours()

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise HeaderError("List-Id", f"the digest's name {self.name!r} needs to be letters a-z, digits, - and _")
        if self.leave_mailbox is not None:
            fit_address("List-Unsubscribe", self.leave_mailbox)
        url = urlsplit(self.public_url)
        usable = url.scheme in {"http", "https"} and url.hostname and self.public_url.endswith("/")
        if not usable or not re.fullmatch(r"[!-;=?-~]+", self.public_url):
            why = f"public_url {self.public_url!r} needs to be ASCII, begin with https:// and end with /"
            raise HeaderError("List-Unsubscribe", why)

    @property
    def host(self) -> str:
        """The host of `public_url`, as it may stand behind the @ of a Message-ID."""
        host = urlsplit(self.public_url).hostname or ""
        return f"[IPv6:{host}]" if ":" in host else host

    @property
    def one_click(self) -> bool:
        """Whether RFC 8058 allows the one-click header: only an https address may be posted to."""
        return self.public_url.startswith("https:")

    @property
    def archive_url(self) -> str:
        """Where everybody finds the digest's editions."""
        return f"{self.public_url}utgavor/{self.name}/"

    def edition_url(self, key: str) -> str:
        """Where everybody finds one of its editions."""
        return f"{self.archive_url}{key}"

    def choices_url(self, leave_token: str) -> str:
        """Where the holder of the token sees and changes what the letters hold."""
        return f"{self.public_url}mina-val/{leave_token}"

    def leave_url(self, leave_token: str) -> str:
        """Where the holder of the token leaves the digest."""
        return f"{self.public_url}avsluta/{leave_token}"

    def ways_to_leave(self, leave_token: str) -> str:
        """The value of List-Unsubscribe (RFC 2369, RFC 8058): the page, and an address where there is a mailbox."""
        page = f"<{self.leave_url(leave_token)}>"
        if self.leave_mailbox is None:
            return page
        local, _, domain = self.leave_mailbox.rpartition("@")
        return f"{page},\r\n <mailto:{quote(local)}+{leave_token}@{domain}?subject={UNSUBSCRIBE_SUBJECT}>"


@dataclass(frozen=True, kw_only=True)
class Dateline:
    """Which edition a letter is. `label` says the period in words; `date` is the Date header, aware."""

    key: str
    label: str
    date: datetime

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.key):
            raise HeaderError("Message-ID", f"the period key {self.key!r} needs to be letters a-z, digits, - and _")
        if self.date.tzinfo is None:
            raise HeaderError("Date", f"{self.date.isoformat()} has no time zone")


@dataclass(frozen=True, kw_only=True)
class ShownArticle:
    """An article as a letter shows it. Corrections and withdrawals have a note and the day they were made.

    `short` when there is no room for more than its headline, one line and its link.
    """

    article: Article
    publishers: tuple[str, ...]
    note: str = ""
    noted_on: date | None = None
    short: bool = False


@dataclass(frozen=True, kw_only=True)
class LetterArticles:
    """All that a letter shows, in page order. `more` counts the items left out, which are read at `more_url`."""

    items: tuple[ShownArticle, ...] = ()
    corrected: tuple[ShownArticle, ...] = ()
    withdrawn: tuple[ShownArticle, ...] = ()
    more: int = 0
    more_url: str | None = None


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """Whom a letter is made out to, and the 32 hex characters that let this person leave."""

    address: str
    leave_token: str

    def __post_init__(self) -> None:
        fit_address("To", self.address)
        if not _LEAVE_TOKEN.fullmatch(self.leave_token):
            raise HeaderError("List-Unsubscribe", "the leave token is not 32 characters of 0-9 and a-f")


UNSUBSCRIBE_SUBJECT = "unsubscribe"
"""What our letters ask mail programs to write, in words that all of them and their gateways know."""
