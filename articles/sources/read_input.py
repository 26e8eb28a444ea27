"""Parsing of an input: one input in, a draft or a refusal out, and the same as a record for programs."""

from datetime import date
from zoneinfo import ZoneInfo

from articles.article import Block, BulletList, Contact, Draft, Quote, Related, Section
from articles.sources.declared import web_address
from articles.sources.furniture import RuleSet, join
from articles.sources.markdown import read_markdown
from articles.sources.matter import nearest
from articles.sources.page import read_page
from articles.sources.plain import clean, faulty_character, piled_marks
from articles.sources.reading import Input, Parsed, Refused, Source, Vocabulary
from articles.topics import tagged

_MARKDOWN = (".md", ".markdown")
# Some thirty times the longest press release we know of: what is longer is a book, a log or an attack.
_MOST_SIGNS, _MOST_LINES = 200_000, 10_000
_LONGEST_REASON = 500


def read(  # noqa: PLR0913 - everything a rule may ask is an argument, the day and the zone too
    given: Input,
    source: Source,
    vocabulary: Vocabulary,
    rule_sets: tuple[RuleSet, ...],
    *,
    today: date,
    zone: ZoneInfo,
) -> Parsed | Refused:
    """The draft that the input holds with its topics, or why it is refused; the same arguments give the same answer."""
    if refused := _faulty(given):
        return refused
    if given.address.lower().endswith(_MARKDOWN):
        outcome = read_markdown(given, source, vocabulary, today=today, zone=zone)
    else:
        chosen = _chosen(source, rule_sets)
        if isinstance(chosen, Refused):
            return chosen
        outcome = read_page(given, source, chosen, today=today, zone=zone)
    match outcome:
        case Parsed():
            return Parsed(
                draft=tagged(outcome.draft, vocabulary.topics),
                hold_reason=outcome.hold_reason,
                warnings=outcome.warnings,
                act=outcome.act,
                note=outcome.note,
            )
        case Refused():
            return outcome


def record(
    given: Input,
    outcome: Parsed | Refused,
    id: str | None = None,  # noqa: A002 - the record's own word
    kind: str | None = None,
) -> dict[str, object]:
    """What came of an input as plain values for JSON: always the same keys, empty where there is nothing."""
    draft = outcome.draft if isinstance(outcome, Parsed) else None
    published = draft.published if draft else None
    return {
        "file": given.file,
        "url": draft.url if draft else given.url,
        "accepted": draft is not None,
        "reason": located(given, outcome) if isinstance(outcome, Refused) else None,
        "id": id,
        "kind": kind,
        "title": draft.title if draft else None,
        "published": published.value.isoformat() if published else None,
        "published_source": published.source.value if published else None,
        "published_precision": published.precision if published else None,
        **_content(draft),
        "held": outcome.hold_reason if isinstance(outcome, Parsed) else None,
        "warnings": list(outcome.warnings) if isinstance(outcome, Parsed) else [],
    }


def located(given: Input, refused: Refused) -> str:
    """The refusal as one line for people: file, line where it is known, why, and the remedy."""
    place = given.file if refused.line is None else f"{given.file}:{refused.line}"
    return f"{place}: {_shortened(refused.reason)}"


def _shortened(reason: str) -> str:
    """A reason that can be read: what it quotes of the input may be as long as the input. The remedy stands last."""
    return reason if len(reason) <= _LONGEST_REASON else f"{reason[:200]} … {reason[-200:]}"


def _faulty(given: Input) -> Refused | None:
    if given.url is not None and not web_address(given.url):
        return Refused(reason=f"{given.url!r} is no address on the web; give one that begins with https://")
    if faulty := faulty_character(given.text):
        return faulty
    for count, most, what in (
        (len(given.text), _MOST_SIGNS, "characters"),
        (given.text.count("\n"), _MOST_LINES, "lines"),
    ):
        if count > most:
            return Refused(reason=f"{count} {what} are more than {most}: is it an article? Give its text alone")
    if piled := piled_marks(given.text):
        return piled
    if not clean(given.text).strip():
        return Refused(reason="empty; write a text into it or remove it")
    return None


def _chosen(source: Source, rule_sets: tuple[RuleSet, ...]) -> RuleSet | Refused:
    """The rule set that the source names, or all of them together when it names none."""
    chosen = tuple(rules for rules in rule_sets if source.rules in {None, rules.name})
    if chosen or source.rules is None:
        return join(chosen)
    remedy = nearest(source.rules, [rules.name for rules in rule_sets])
    return Refused(reason=f"the source {source.name} names the rule set {source.rules}, which is unknown; {remedy}")


def _content(draft: Draft | None) -> dict[str, object]:
    return {
        "lead": draft.lead if draft else None,
        "sections": [_section(section) for section in draft.sections] if draft else [],
        "contacts": [_contact(contact) for contact in draft.contacts] if draft else [],
        "related": [_related(related) for related in draft.related] if draft else [],
        "images": [{"src": image.src, "alt": image.alt} for image in draft.images] if draft else [],
        "language": draft.language if draft else None,
        "body_text": draft.body_text if draft else None,
    }


def _section(section: Section) -> dict[str, object]:
    return {
        "heading": section.heading,
        "anchor": section.anchor,
        "text": section.text,
        "blocks": [_block(block) for block in section.blocks],
    }


def _block(block: Block) -> dict[str, object]:
    match block:
        case BulletList(items=items):
            return {"kind": block.kind, "items": list(items), "speakers": []}
        case Quote(speakers=speakers):
            people = [{"name": speaker.name, "role": speaker.role, "party": speaker.party} for speaker in speakers]
            return {"kind": block.kind, "text": block.text, "speakers": people}
    return {"kind": block.kind, "text": block.text, "speakers": []}


def _contact(contact: Contact) -> dict[str, object]:
    return {
        "name": contact.name,
        "role": contact.role,
        "party": contact.party,
        "phones": list(contact.phones),
        "email": contact.email,
    }


def _related(related: Related) -> dict[str, object]:
    return {
        "title": related.title,
        "date": related.day.isoformat() if related.day else None,
        "teaser": related.teaser,
        "truncated": related.truncated,
    }
