"""Names of people in running Swedish text: only those that can hardly be anything else."""

import re
from dataclasses import dataclass

from articles.article import Speaker


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TOKEN = re.compile(r"\([^()]{0,40}\)|\b[A-ZÅÄÖ]\.(?=\s)|[\w’'´-]+|\S")
_PARTY = re.compile(r"\(([A-ZÅÄÖ]{1,4})\)")
_PARTICLES = _words("von af de van der la da al bin di del den el ten")
# Names of places follow these; the rest of a run of capitals after a place may be a person.
_PLACE_BEFORE = _words("i på vid inom över under kring runt")
_EITHER_BEFORE = _words("för från till mellan")
_ORGANISATIONS = _words(
    "Region Regionen Landstinget Landstingets Länsstyrelsen Kommunen Kommun Lex Svenska Sveriges Statens "
    "Stiftelsen Föreningen Projekt Projektet Hotell Hotel Nya Gamla Stora Lilla Norra Södra Östra Västra "
    "Restaurang Kvarteret Europeiska Nationella Nordiska Svensk Folkets Gröna Röda Rädda Sankt Campus "
    "Centrum Mellersta Övre Nedre"
)
_ENDINGS = _words(
    "AB HB KB Kommun Kommuner Region Län Universitet Sjukhus Arena Partiet Center Centrum Stiftelse "
    "Science Park Group Sverige Sweden Airport Academy"
)
_OPENERS = _words(
    "På I Det Den De Dem När Nu Vi En Ett Där Här Då Men Och För Efter Under Med Till Av Som Om Att Enligt "
    "Inom Bland Dessutom Även Hos Från Vid Mellan Så Idag Igår Imorgon Både Samt Också Säger Samtidigt"
)
_ROLE = re.compile(
    r".*(?:direktör|chef|läkare|råd|ordförande|ledamot|ledare|sekreterare|ansvarig|samordnare|strateg|sköterska|"
    r"handläggare|rektor|minister|professor|talesperson|borgmästare|jurist|ekonom|kurator|psykolog|utvecklare|"
    r"projektledare|handläggare|controller|ingenjör|arkitekt)(?:n|en|et|na|erna|s|ns|ens)?",
    re.IGNORECASE,
)
_FEWEST_WORDS, _MOST_WORDS = 2, 4


@dataclass(frozen=True, kw_only=True)
class Mention:
    """A name in a text, from `start` to `end`, the party letters behind it included."""

    name: str
    party: str
    start: int
    end: int

    @property
    def speaker(self) -> Speaker:
        """The mentioned person, of whom nothing more is known."""
        return Speaker(name=self.name, party=self.party)


def mentions(text: str) -> tuple[Mention, ...]:
    """The full names of people in the text, in its order; a doubtful one is left out."""
    tokens = list(_TOKEN.finditer(text))
    people = []
    index = 0
    while index < len(tokens):
        length = _run(tokens, index)
        if length:
            people += _mention(text, tokens, index, length)
        index += max(length, 1)
    return tuple(people)


def is_name(text: str) -> bool:
    """Whether the whole line is a person's name, with or without party letters."""
    words = _PARTY.sub("", text).split()
    whole = all(_is_capital(word) or word in _PARTICLES for word in words)
    if not whole or not _FEWEST_WORDS <= len(words) <= _MOST_WORDS + 1:
        return False
    return words[0] not in _ORGANISATIONS and words[-1] not in _ENDINGS


def is_role(word: str) -> bool:
    """Whether the word is an office or a profession by its ending."""
    return _ROLE.fullmatch(word) is not None


def parted(text: str) -> tuple[str, str]:
    """A text without the party letters in it, and those letters or an empty text."""
    party = _PARTY.search(text)
    if party is None:
        return text.strip(" ,"), ""
    return " ".join((text[: party.start()] + " " + text[party.end() :]).split()).strip(" ,"), party[1]


def _run(tokens: list[re.Match[str]], first: int) -> int:
    """How many tokens from here on are capitalised words, particles between them included."""
    length = 0
    for index in range(first, len(tokens)):
        word = tokens[index].group()
        if _is_capital(word):
            length = index - first + 1
        elif not (length and word in _PARTICLES):
            break
    return length


def _is_capital(word: str) -> bool:
    initial = len(word) == 2 and word[1] == "."  # noqa: PLR2004 - a letter and its stop
    letters = re.sub(r"[-’'´]", "", word)
    plain = letters.isalpha() and not letters.isupper()
    return word[0].isupper() and (initial or plain)


def _mention(text: str, tokens: list[re.Match[str]], first: int, length: int) -> list[Mention]:
    run = tokens[first : first + length]
    before = tokens[first - 1].group().lower() if first else ""
    person = _person(run, before)
    if person is None:
        return []
    run = person
    follower = tokens[first + length] if first + length < len(tokens) else None
    party = _PARTY.fullmatch(follower.group()) if follower else None
    end = follower.end() if follower and party else run[-1].end()
    return [
        Mention(
            name=text[run[0].start() : run[-1].end()], party=party[1] if party else "", start=run[0].start(), end=end
        )
    ]


def _person(run: list[re.Match[str]], before: str) -> list[re.Match[str]] | None:
    """The part of a run of capitals that is a person's name, or None when there is doubt."""
    words = [token.group() for token in run]
    begins = next((place for place, word in enumerate(words) if word not in _OPENERS and not is_role(word)), None)
    if begins is None:
        return None
    if begins:
        run, before, words = run[begins:], words[begins - 1].lower(), words[begins:]
    if words[0] in _ORGANISATIONS:
        return _full(run[2:]) if len(run) == 4 else None  # noqa: PLR2004 - "Region X" and a name of two words
    if before in _PLACE_BEFORE:
        return _full(run[1:]) if len(run) == 3 else None  # noqa: PLR2004 - a place and a name of two words
    if before in _EITHER_BEFORE and len(run) != 2:  # noqa: PLR2004 - three could hold a place
        return None
    return _full(run)


def _full(run: list[re.Match[str]]) -> list[re.Match[str]] | None:
    words = [token.group() for token in run]
    capitals = [word for word in words if word not in _PARTICLES]
    sure = _FEWEST_WORDS <= len(capitals) <= _MOST_WORDS and words[-1] not in _ENDINGS and words[-1][-1] != "."
    return run if sure else None
