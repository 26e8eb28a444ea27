"""Quotes, and who says what: a quote is one only when its speakers are sure, else it stays a plain paragraph."""

import re
from dataclasses import dataclass, field, replace
from itertools import pairwise

from articles.article import Paragraph, Quote, Speaker
from articles.sources.names import Mention, is_role, mentions, parted

_VERBS = (
    "säger|menar|berättar|förtydligar|förklarar|konstaterar|tycker|anser|tillägger|fortsätter|understryker|betonar|"
    "kommenterar|avslutar|poängterar|uppger|framhåller|påpekar|hoppas|tror|skriver|hälsar|sammanfattar|utvecklar"
)
# The attribution follows a comma or the end of the words; after a dash the comma is sometimes forgotten.
_SAID = re.compile(rf"(?:,|[”\"»!?…]|\.\.\.)\s*(?:{_VERBS})\s+")
_SAID_LOOSELY = re.compile(rf"\b(?:{_VERBS})\s+")
_SENTENCE_END = re.compile(r"[.!?](?=\s+[\"”–—-]?\s*[A-ZÅÄÖ])")
_BOTH = re.compile(r"(?:de båda|båda två|de två|båda|de)\b", re.IGNORECASE)
_PRONOUN = re.compile(r"(?:han|hon|hen)\b")
_AND = re.compile(r"(?<!-)\s+(?:och|samt)\s+")
_NO_ROLE = re.compile(
    r"(?:som|efter|när|i|på|vid|om|och|men|till|med|under|medan|då|inför|från|för|vars|vilket|apropå)\b"
)
_DANGLING = re.compile(r"\b(?:med|till|av|från|för|om|mellan|hos|i|på|vid|att|än)$")
_GOES_ON = re.compile(rf",?\s*(?:och|samt)\s+(?!(?:{_VERBS})\b)")
_DASH = re.compile(r"[-–—]\s*")
_QUOTED = re.compile(r"[”\"»“]")
_MAX_ROLE = 120
# Nobody is quoted at such length in one paragraph, and looking for names in it takes its time.
_MAX_QUOTE = 5_000


@dataclass
class Memory:
    """What a text has told so far about the people in it, from its beginning on."""

    speakers: dict[str, Speaker] = field(default_factory=dict)
    before: str = ""
    pair: tuple[Speaker, ...] = ()
    single: Speaker | None = None

    def read(self, text: str) -> None:
        """Remember who is named in a paragraph; the next quote may refer to them."""
        people = {mention.name: mention for mention in mentions(text)}
        for mention in people.values():
            self.learn(mention.speaker)
        filled = [self.filled(mention.speaker) for mention in people.values()]
        self.pair = tuple(filled) if len(filled) == 2 else _coupled(text)  # noqa: PLR2004 - "de båda" are two
        # A pronoun means the one last quoted until somebody else is named.
        if any(person.name != (self.single.name if self.single else "") for person in filled):
            self.single = None
        self.before = text

    def quote(self, speakers: tuple[Speaker, ...]) -> None:
        """Remember who has just been quoted."""
        for speaker in speakers:
            self.learn(speaker)
        self.pair = speakers if len(speakers) == 2 else ()  # noqa: PLR2004 - "de båda" are two
        self.single = speakers[0] if len(speakers) == 1 else None
        self.before = ""

    def learn(self, speaker: Speaker) -> None:
        """Add what is new about somebody to what is known."""
        self.speakers[speaker.name] = self.filled(speaker)

    def filled(self, speaker: Speaker) -> Speaker:
        """The speaker with the role and party that the text gave before, where it gives none now."""
        earlier = self.speakers.get(speaker.name, speaker)
        return replace(speaker, role=speaker.role or earlier.role, party=speaker.party or earlier.party)

    def by_part(self, word: str) -> Speaker | None:
        """The only known person who has this first name or surname."""
        people = [person for person in self.speakers.values() if word in person.name.split()]
        return people[0] if len(people) == 1 else None


def spoken(text: str, memory: Memory) -> Quote | Paragraph:
    """The paragraph as a quote with its speakers when they are sure, else as it is; the memory learns from it."""
    if len(text) > _MAX_QUOTE:
        return Paragraph(text=text)
    speakers = _speakers(text, memory)
    if not speakers:
        speakers = _announced(text, memory.before)
    if not speakers:
        memory.read(text)
        return Paragraph(text=text)
    speakers = tuple(memory.filled(speaker) for speaker in speakers)
    memory.quote(speakers)
    return Quote(text=text, speakers=speakers)


def is_said(text: str) -> bool:
    """Whether the text has the form of somebody's words with an attribution."""
    return len(text) <= _MAX_QUOTE and _who(text) is not None


def signed(text: str) -> tuple[Speaker, ...]:
    """The speakers of a signature such as "Name Name, role (M)"; empty when there is no name in it."""
    speakers = _named(text.strip(" ."), Memory())
    if speakers:
        return speakers
    name, _, role = text.partition(",")
    (name, party), (role, other) = parted(name), parted(role)
    return (Speaker(name=name, role=role.strip(" ."), party=party or other),) if name else ()


def _speakers(text: str, memory: Memory) -> tuple[Speaker, ...]:
    who = _who(text)
    if who is None:
        return ()
    if _PRONOUN.match(who):
        return (memory.single,) if memory.single else ()
    named = _named(who, memory)
    if named or not _BOTH.match(who):
        return named or _by_part(who, memory)
    return memory.pair


def _who(text: str) -> str | None:
    """The words behind the verb of the attribution, or None when the text has none where a quote has it."""
    dash = _DASH.match(text) is not None
    verbs = list(_SAID.finditer(text))
    if not verbs and (dash or _QUOTED.match(text)):
        verbs = list(_SAID_LOOSELY.finditer(text))
    if not verbs or verbs[-1].start() < 1:
        return None
    who = text[verbs[-1].end() :]
    sentence = _SENTENCE_END.search(who)
    if sentence and not dash:
        # Without a dash nobody can tell whether what follows is still said or told.
        return None
    return (who[: sentence.start()] if sentence else who).rstrip(" .!:")


def _announced(text: str, before: str) -> tuple[Speaker, ...]:
    """The one person whom the paragraph before a dash announces with a colon."""
    if not (_DASH.match(text) and before.rstrip().endswith(":")):
        return ()
    people = mentions(before)
    if len(people) != 1:
        return ()
    if people[0].start == 0 and len(before) <= _MAX_ROLE:
        return _named(before.rstrip(" :"), Memory())
    return (people[0].speaker,) if _SAID_LOOSELY.search(before) else ()


def _by_part(who: str, memory: Memory) -> tuple[Speaker, ...]:
    word = re.match(r"[\w’'-]+", who)
    person = memory.by_part(word.group()) if word and word.group()[0].isupper() else None
    return (person,) if person else ()


def _coupled(text: str) -> tuple[Speaker, ...]:
    """The last two people whom the text joins by "och" alone."""
    people = mentions(text)
    for first, second in reversed(list(pairwise(people))):
        if text[first.end : second.start].strip() in {"och", "samt"}:
            return first.speaker, second.speaker
    return ()


def _named(who: str, memory: Memory) -> tuple[Speaker, ...]:
    """The people named in an attribution, each with the role before or behind the name; empty in doubt."""
    mentioned = mentions(who)
    if not mentioned:
        return ()
    roles = [who[: mentioned[0].start]]
    people: list[Speaker] = []
    for current, following in zip(mentioned, (*mentioned[1:], None), strict=True):
        between = who[current.end : following.start] if following else ""
        parts = _parts(between) if following else None
        people.append(_speaker(current, roles[-1], parts[0] if parts else who[current.end :]))
        if parts is None:
            break
        roles.append(parts[1])
    rest = who[mentioned[len(people) - 1].end :]
    doubtful = _DANGLING.search(roles[0].rstrip(" ,")) or _GOES_ON.match(rest) or any(map(_is_odd, roles))
    return () if doubtful else tuple(memory.filled(person) for person in people)


def _is_odd(role: str) -> bool:
    """Whether what should be a role looks like another name."""
    words = parted(role)[0].split()
    return bool(words) and all(
        word[0].isupper() and not (word.isupper() and word[1:]) and not is_role(word) for word in words
    )


def _parts(between: str) -> tuple[str, str] | None:
    """What stands between two speakers: the role behind the first, the role before the second; None when not two."""
    if between.strip() == ",":
        return "", ""
    joints = list(_AND.finditer(between))
    if not joints:
        return None
    joint = joints[-1] if between.lstrip().startswith(",") else joints[0]
    behind, before = between[: joint.start()], between[joint.end() :]
    first_only = not behind.strip(" ,") or behind.lstrip().startswith(",")
    return (behind, before) if first_only and not _DANGLING.search(before.rstrip(" ,")) else None


def _speaker(mention: Mention, before: str, behind: str) -> Speaker:
    role, party = parted(before)
    if not role and behind.lstrip().startswith(","):
        later, other = parted(behind.lstrip(" ,").split(", ")[0])
        role, party = ("", party) if _NO_ROLE.match(later) else (later, party or other)
    return Speaker(name=mention.name, role=role if len(role) <= _MAX_ROLE else "", party=mention.party or party)
