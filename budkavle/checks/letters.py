"""Check of letters: each is made whole, head and parts, by the code that sends them.

Filling templates is not enough. A letter's head is read back with Python's own mail package, whose faults differ from
one release to the next; and what stands in the head comes from the configuration.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email import policy
from email.parser import BytesParser

from budkavle.alarms.alarms import AlarmKind, RememberedAlarm, alarm
from budkavle.alarms.mail import alarm_mail
from budkavle.checks.samples import LEAVE_TOKEN, sample_content, sample_dateline
from budkavle.checks.samples_notices import sample_notices
from budkavle.config.faults import Finding
from budkavle.config.load import Config
from budkavle.config.settings import Digest
from budkavle.config.toml_lines import Place
from budkavle.installation.slices.feeds import site
from budkavle.installation.slices.transactional import confirmations_from
from budkavle.installation.values import digest, publication
from budkavle.rendering.templates import kept_renderer, letter_templates, renderer
from digest.editions.compose import masthead
from digest.letters.letter import LetterTooLargeError, form, made_out
from digest.letters.values import Recipient
from digest.lifecycle.transactional_letter import NoticeKind, TransactionalLetter, notice_letter
from mail.headers import HeaderError

_READER = "anna@example.org"
_AT = datetime(2026, 1, 9, 7, 0, tzinfo=UTC)
_SETTING_OF = {"from": "from", "reply-to": "reply_to", "subject": "title", "list-id": "title"}
"""The setting of a digest that a header is made of."""
_REPORT = "report this with what `python3 --version` says; until it is mended, use a newer Python"


def letter_findings(config: Config) -> Iterator[Finding]:
    """Findings about unmakable letters: those of each digest, then about subscriptions, then to the operator."""
    for number, table in enumerate(config.settings.digests):
        yield from _letter_faults(_edition(config, table), ("digests", number), _SETTING_OF)
    for kind, values in sample_notices(site(config).title, _AT):
        yield from _letter_faults(_notice(config, kind, values), ("mail", "confirmations_from"), {})
    yield from _letter_faults(_alarm(config), ("operator", "address"), {})


def _letter_faults(make: Callable[[], bytes], place: Place, settings: Mapping[str, str]) -> Iterator[Finding]:
    """Make one letter and read it back; what fails is told with the setting that it comes from."""
    try:
        defects = BytesParser(policy=policy.default).parsebytes(make()).defects
    except HeaderError as error:
        setting = settings.get(error.header.lower())
        what = f"no letter can be made: {error}"
        yield Finding(place=(*place, setting) if setting else place, what=what, remedy=_REPORT)
    except LetterTooLargeError as error:
        yield Finding(place=place, what="no letter can be made", remedy=str(error))
    except Exception as error:  # noqa: BLE001 - whatever it is, a letter would meet it, too
        what = f"no letter can be made: {type(error).__name__}: {error}"
        yield Finding(place=place, what=what, remedy=_REPORT)
    else:
        if defects:
            what = f"a letter does not read back whole: {type(defects[0]).__name__}"
            yield Finding(place=place, what=what, remedy=_REPORT)


def _edition(config: Config, table: Digest) -> Callable[[], bytes]:
    """A letter of this digest with all there can be in one, made out to somebody."""
    settings = config.settings
    publisher = next(iter(config.publishers().values()))

    def make() -> bytes:
        render = kept_renderer(letter_templates(config.templates_folder), settings.language, settings.timezone)
        dateline, content = sample_dateline(settings.timezone), sample_content(publisher)
        letter = form(masthead(publication(config), digest(config, table)), dateline, content, render)
        return made_out(letter, Recipient(address=_READER, leave_token=LEAVE_TOKEN))

    return make


def _notice(config: Config, kind: NoticeKind, values: Mapping[str, object]) -> Callable[[], bytes]:
    settings = config.settings
    notice = TransactionalLetter(
        kind=kind,
        sender=confirmations_from(settings, site(config).title),
        reply_to=None,
        recipient=_READER,
        language=settings.language,
        date=_AT,
        name="check",
        host="example.org",
        token=LEAVE_TOKEN,
        values=values,
    )
    return lambda: notice_letter(notice, renderer(settings.language, settings.timezone, config.templates_folder))


def _alarm(config: Config) -> Callable[[], bytes]:
    remembered = RememberedAlarm(
        alarm=alarm(AlarmKind.SOURCE_QUIET, "källa", "ingen nyhet på länge"), since=_AT, seen=_AT
    )
    return lambda: alarm_mail(config, [remembered], [], _AT).letter
