"""The settings of config.toml, named and nested as they are in the file."""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, Strict

from budkavle.config import contrast as colours
from budkavle.config import field_types as forms
from budkavle.config.networks import network
from budkavle.config.source_kinds import Source
from budkavle.config.table import (
    Address,
    Day,
    Language,
    Mailbox,
    Name,
    Path,
    Slug,
    Table,
    Text,
    TimeOfDay,
    WebAddress,
    Weekday,
    Whole,
    Words,
    Zone,
)
from digest.editions.rhythms import RHYTHMS

# The names of the files there are: mypy wants to read them in the source.
Every = Literal[*RHYTHMS]  # type: ignore[valid-type]


class Store(Table):
    """Where articles, subscribers and deliveries are kept."""

    url: Annotated[str, AfterValidator(forms.store_url), Text] = "sqlite:///var/budkavle.db"


class Operator(Table):
    """Who is told when a person is needed."""

    address: Address = Field(examples=["drift@example.org"])


class Web(Table):
    """The web server."""

    listen: Annotated[forms.Listen, BeforeValidator(forms.listen), Text] = forms.Listen(host="127.0.0.1", port=8090)
    trusted_proxies: tuple[Annotated[str, AfterValidator(network), Text], ...] = ("127.0.0.1", "::1")


class Look(Table):
    """What the pages look like."""

    accent: Annotated[str, AfterValidator(colours.on_light), Text] = colours.ACCENT
    accent_dark: Annotated[str, AfterValidator(colours.on_dark), Text] = colours.ACCENT_DARK
    logo: Annotated[str, AfterValidator(forms.picture), Text] | None = None
    logo_dark: Annotated[str, AfterValidator(forms.picture), Text] | None = None


class Imprint(Table):
    """Who sends letters, and where their readers find a person: it stands in the foot of every letter."""

    postal: Words | None = Field(default=None, examples=["Region Lingonmark, Box 1, 123 45 Lingonby"])
    address: Address | None = Field(default=None, examples=["redaktionen@example.org"])
    phone: Words | None = Field(default=None, examples=["010-000 00 00"])
    url: WebAddress | None = Field(default=None, examples=["https://www.example.org/kontakt/"])


class Limits(Table):
    """How many letters an hour the pages may cause, and how fast a form may be filled in."""

    minutes_between: Annotated[Whole, Field(ge=0)] = 10
    per_day: Annotated[Whole, Field(ge=1)] = 3
    unanswered: Annotated[Whole, Field(ge=1)] = 5
    network: Annotated[Whole, Field(ge=1)] = 10
    wide_network: Annotated[Whole, Field(ge=1)] = 100
    domain: Annotated[Whole, Field(ge=1)] = 100
    large_domain: Annotated[Whole, Field(ge=1)] = 1500
    large_domains: tuple[Annotated[str, AfterValidator(forms.host), Text], ...] = (
        "gmail.com",
        "hotmail.com",
        "hotmail.se",
        "icloud.com",
        "live.se",
        "outlook.com",
        "telia.com",
        "yahoo.com",
        "yahoo.se",
    )
    overall: Annotated[Whole, Field(ge=1)] = 3000
    fill_seconds: Annotated[Whole, Field(ge=0, le=60)] = 2


class Accessibility(Table):
    """The accessibility statement that every page links to."""

    statement_url: WebAddress | None = None
    report: Address | None = None
    faults: tuple[Words, ...] = ()


class Publish(Table):
    """Where feeds are written, who is told, and whether we look at them as readers do."""

    target: Annotated[str, AfterValidator(forms.target), Text] = "var/public"
    hubs: tuple[Annotated[str, AfterValidator(forms.hub), Text], ...] = ()
    check: Annotated[bool, Strict()] = True


class Smtp(Table):
    """The relay that takes the letters."""

    host: Annotated[str, AfterValidator(forms.host), Text] = Field(examples=["smtp.example.org"])
    port: Annotated[Whole, Field(ge=1, le=forms.PORTS)] = 25
    tls: Literal["none", "starttls", "implicit"] = "starttls"
    user: Words | None = None
    password_file: Path | None = None
    token_command: Annotated[tuple[Words, ...], Field(min_length=1)] | None = None
    ca_file: Path | None = None
    connections: Annotated[Whole, Field(ge=1, le=100)] = 10
    letters_per_connection: Annotated[Whole, Field(ge=1)] = 100
    rate: Annotated[Whole, Field(ge=1)] | None = None
    burst: Annotated[Whole, Field(ge=1)] | None = None


class Mail(Table):
    """How letters leave."""

    transport: Literal["maildir", "smtp"] = "maildir"
    path: Path = "var/outbox"
    on_uncertain: Literal["hold", "resend"] = "hold"
    confirmations_from: Mailbox | None = None
    smtp: Smtp | None = None

    @property
    def relay(self) -> Smtp | None:
        """The table that is called as the transport: of the relay that takes the letters, if it needs one."""
        table: Smtp | None = getattr(self, self.transport, None)
        return table


class Imap(Table):
    """A mailbox that returned mail is read from."""

    host: Annotated[str, AfterValidator(forms.host), Text] = Field(examples=["imap.example.org"])
    port: Annotated[Whole, Field(ge=1, le=forms.PORTS)] = 993
    tls: Literal["none", "starttls", "implicit"] = "implicit"
    user: Words = Field(examples=["studs"])
    password_file: Path = Field(examples=["var/imap-password"])
    folder: Words = "INBOX"
    processed: Words = "Processed"
    unknown: Words = "Unknown"


class Bounces(Table):
    """Where letters that cannot be delivered come back to."""

    address: Annotated[str, AfterValidator(forms.bounce_address), Text] | None = None
    relay_names: tuple[Annotated[str, AfterValidator(forms.host), Text], ...] = ()
    domain_refusals: Annotated[Whole, Field(ge=1)] = 3
    domain_minutes: Annotated[Whole, Field(ge=1, le=1440)] = 60
    imap: Imap | None = None


class Keep(Table):
    """How long things are kept, in days."""

    deliveries: Annotated[Whole, Field(ge=30)] = 90
    receipts: Annotated[Whole, Field(ge=90)] = 400
    letters: Annotated[Whole, Field(ge=30)] = 400
    notices: Annotated[Whole, Field(ge=1)] = 30
    ended: Annotated[Whole, Field(ge=1)] = 400
    bounces: Annotated[Whole, Field(ge=150)] = 400
    pending: Annotated[Whole, Field(ge=4)] = 7
    contact_days: Annotated[Whole, Field(ge=1)] | None = None


class Publisher(Table):
    """An organisation that publishes."""

    id: Slug = Field(examples=["lingonmark"])
    name: Words = Field(examples=["Region Lingonmark"])
    url: WebAddress = Field(examples=["https://www.example.org/"])
    language: Language | None = None
    tag_authority: Annotated[str, AfterValidator(forms.tag_authority), Text] = Field(examples=["example.org,2026"])


class Topic(Table):
    """A labelled subject."""

    id: Slug = Field(examples=["vard"])
    label: Words = Field(examples=["Hälso- och sjukvård"])
    words: tuple[Words, ...] = ()


class Feed(Table):
    """A selection of articles for feed readers. No publisher, or no topic, named means all of them."""

    slug: Slug = Field(examples=["alla-nyheter"])
    id: Slug | None = None
    title: Words = Field(examples=["Alla nyheter"])
    publishers: tuple[Name, ...] = ()
    topics: tuple[Name, ...] = ()
    size: Annotated[Whole, Field(ge=1, le=1000)] = 50
    contacts: Annotated[bool, Strict()] = False
    ends: Day | None = None


class Moved(Table):
    """A feed's slug of before, and the one it has now: readers are led on for ever."""

    from_: Slug = Field(alias="from", examples=["nyheter"])
    to: Name = Field(examples=["alla-nyheter"])


class Digest(Table):
    """A newsletter: its sender, rhythm and selection."""

    name: Slug = Field(examples=["veckobrev"])
    title: Words = Field(examples=["Veckans nyheter"])
    from_: Mailbox = Field(alias="from", examples=["Nyheter <nyheter@example.org>"])
    reply_to: Mailbox | None = None
    every: Every = Field(examples=["week"])
    weekday: Weekday | None = None
    monthday: Annotated[Whole, Field(ge=1, le=28)] | None = None
    time: TimeOfDay = Field(examples=["08:00"])
    publishers: tuple[Name, ...] = ()
    topics: tuple[Name, ...] = ()
    items: Annotated[Whole, Field(ge=1, le=200)] = 30


class Settings(Table):
    """All of config.toml."""

    public_url: Annotated[str, AfterValidator(forms.public_url), Text] = Field(
        examples=["https://nyheter.example.org/"]
    )
    language: Language = "sv"
    timezone: Zone = Field(default_factory=lambda: ZoneInfo("Europe/Stockholm"))
    tag_authority: Annotated[str, AfterValidator(forms.tag_authority), Text] | None = None
    icon: WebAddress | None = None
    logo: WebAddress | None = None
    rights: Words | None = None
    store: Store = Store()
    operator: Operator
    web: Web = Web()
    look: Look = Look()
    imprint: Imprint = Imprint()
    limits: Limits = Limits()
    accessibility: Accessibility = Accessibility()
    publish: Publish = Publish()
    mail: Mail = Mail()
    bounces: Bounces = Bounces()
    keep: Keep = Keep()
    templates: Path = "templates"
    publishers: tuple[Publisher, ...]
    sources: tuple[Source, ...] = ()
    topics: tuple[Topic, ...] = ()
    feeds: tuple[Feed, ...] = ()
    moved: tuple[Moved, ...] = ()
    digests: tuple[Digest, ...] = ()
