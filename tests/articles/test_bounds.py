"""Small in bytes, large when walked: whatever a file holds, reading it takes steps in proportion to its length.

What regular expressions and libraries in C do is no step that can be counted; for these stands a bound of processor
time, many times what is needed, on inputs as long as any that are read.
"""

import unicodedata
from collections.abc import Callable
from itertools import pairwise
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from articles.sources.reading import Parsed, Refused
from tests.counting import grows_in_proportion, steps

Read = Callable[..., Parsed | Refused]
RefusedRead = Callable[..., Refused]
FRONT = "---\ntitle: Rubrik\n"
BELOW = "\n---\nText.\n"
PAGE = "Titel\n\n2026-01-01\n\nText är detta här, och det är långt nog för ett stycke.\n\n"
CARDS = "Titel\n\nText är detta.\n\nKontakt\n\nAnna Larsson\n"


def laughs(levels: int) -> str:
    """Aliases of aliases: nine times as much with each line."""
    names = "abcdefghijklm"[:levels]
    lines = ["a: &a [" + ",".join("x" * 9) + "]"]
    lines += [f"{name}: &{name} [" + ",".join([f"*{before}"] * 9) + "]" for before, name in pairwise(names)]
    return "---\n" + "\n".join(lines) + f"\ntitle: *{names[levels - 1]}\npublished: 2026-01-12\n---\ntext\n"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ('!!int ""', "int"),
        ('!!int "-"', "int"),
        ('!!float ""', "float"),
        ("!!bool kanske", "bool"),
        ("!!timestamp snart", "timestamp"),
        (":".join(["1"] * 300) + ".0", "float"),
    ],
)
def test_a_value_that_its_yaml_type_cannot_have_is_refused_with_its_line(
    refused: RefusedRead, value: str, kind: str
) -> None:
    outcome = refused(f"{FRONT}related:\n  - {value}{BELOW}", address="a.md")
    assert f"this value is no {kind}" in outcome.reason
    assert outcome.line == 4


@pytest.mark.parametrize("levels", [2, 9, 13])
def test_no_alias_is_followed(refused: RefusedRead, levels: int) -> None:
    outcome = refused(laughs(levels), address="laughs.md")
    assert "stands for another one in YAML; write it out" in outcome.reason
    assert outcome.line == 3
    assert steps(lambda: refused(laughs(levels), address="laughs.md")) < 100_000


@pytest.mark.parametrize(
    ("front", "why"),
    [
        ("related: &r [*r]", "stands for another"),
        ("note: &n {title: a}\nrelated: [{<<: *n}]", "stands for another"),
        ("title: " + "[" * 400 + "]" * 400, "more than 10 deep"),
        ("title: " + "{a: " * 200 + "}" * 200, "more than 10 deep"),
        ("a:\n" + "".join(f"{' ' * deep}a:\n" for deep in range(1, 200)), "more than 10 deep"),
        ("- " * 400, "more than 10 deep"),
        ("? " * 400, "more than 10 deep"),
        ("topics: [" + "a," * 9000 + "]", "more than 5000 values"),
        ("lead: " + "ord " * 20_000, "more than 50000: the text belongs below"),
    ],
)
def test_a_front_matter_that_is_deep_or_wide_is_refused_with_its_reason(
    refused: RefusedRead, front: str, why: str
) -> None:
    outcome = refused(f"---\n{front}{BELOW}", address="a.md")
    assert why in outcome.reason
    assert len(outcome.reason) < 500


DOUBLED: dict[str, tuple[str, Callable[[int], str]]] = {
    # name of the file, and an input that grows with its number
    "keys": ("a.md", lambda size: "---\n" + "".join(f"a{key}: b\n" for key in range(size // 2)) + BELOW),
    "lists": ("a.md", lambda size: f"---\ntopics: [{'vard, ' * size}]{BELOW}"),
    "contacts": ("a.md", lambda size: FRONT + "contacts:\n" + "- name: Bo\n" * size + BELOW),
    "anchors": ("a.md", lambda size: f"{FRONT}topics:\n" + "".join(f"- &a{n} vard\n" for n in range(size)) + BELOW),
    "brackets": ("a.md", lambda size: FRONT + BELOW + "[" * size),
    "pictures": ("a.md", lambda size: FRONT + BELOW + "![a](" * size),
    "pairs of brackets": ("a.md", lambda size: FRONT + BELOW + "[" * size + "]" * size),
    "stars": ("a.md", lambda size: FRONT + BELOW + "*a **b " * size),
    "backticks": ("a.md", lambda size: FRONT + BELOW + " ".join("`" * (1 + n % 40) for n in range(size // 4))),
    "quotes in quotes": ("a.md", lambda size: FRONT + BELOW + "> " * size + "a"),
    "lists in lists": ("a.md", lambda size: FRONT + BELOW
                       + "".join(f"{'  ' * (n % 30)}- a\n" for n in range(size // 4))),
    "raw markup": ("a.md", lambda size: FRONT + BELOW + "<a <b <!-- <![CDATA[ " * (size // 4)),
    "references": ("a.md", lambda size: FRONT + BELOW + "".join(f"[a{n}]: b\n" for n in range(size // 4))),
    "references to references": ("a.md", lambda size: FRONT + BELOW + "[a]: b\n\n" + "[a][a]" * size),
    "headings": ("a.md", lambda size: FRONT + BELOW + "## Samma\n\na\n\n" * (size // 4)),
    "picture texts": ("a.txt", lambda size: "Bild på en hund\n\n" * (size // 2) + PAGE),
    "dates": ("a.txt", lambda size: "Uppdaterad 2026-01-01\n\n" * (size // 2) + PAGE),
    "capitals": ("a.txt", lambda size: PAGE + "Bo Ek och " * (size // 4) + "är här.\n\nSlut."),
    "contact headings": ("a.txt", lambda size: PAGE + "Kontakt\n\n" * (size // 2)),
    "cards": ("a.txt", lambda size: CARDS + "Bo Ek\nchef\n0980-31 20 00\n\n" * (size // 4)),
    "labels": ("a.txt", lambda size: PAGE + "ord Länk till annan webbplats " * (size // 2)),
    "quotes": ("a.txt", lambda size: PAGE + "– Det är bra, säger Bo Ek.\n\n" * (size // 4)),
    "bullets": ("a.txt", lambda size: PAGE + "• en sak\n" * (size // 2)),
    "related": ("a.txt", lambda size: PAGE + "Relaterade nyheter\n\n" + "2026-01-01\n\nEn rubrik\n\n" * (size // 4)),
}  # fmt: skip


@pytest.mark.parametrize("kind", DOUBLED)
def test_twice_the_input_takes_at_most_about_twice_the_steps(read: Read, kind: str) -> None:
    name, made = DOUBLED[kind]
    grows_in_proportion(lambda size: read(made(size), address=name), 200)


PIECES = [
    *("[", "](", "*", "`", "> ", "- ", "\n", "\n\n", "<a ", "&", "# ", ".", " ", "– ", "ord ", "och ", "(M) ", "På "),
    *("Anna Larsson ", ", säger ", "2026-01-01\n\n", "Kontakt\n\n", "a@b.se ", "08-12 34 ", "Bild på "),
    "Länk till annan webbplats ",
]  # fmt: skip


@settings(max_examples=20)
@given(name=st.sampled_from(["a.md", "a.txt"]), pieces=st.lists(st.sampled_from(PIECES), min_size=1, max_size=5))
def test_whatever_is_repeated_is_read_in_proportion_to_its_length(read: Read, name: str, pieces: list[str]) -> None:
    repeated = "".join(pieces)
    grows_in_proportion(lambda size: read(f"{PAGE}{repeated * size}x", address=name), 30)


LONG = 190_000
LONGEST: dict[str, tuple[str, str]] = {
    "accents on one letter": ("a.txt", PAGE + "a" + "\u0315\u0301\u0327" * (LONG // 3)),
    "accents with signs between that show nothing": ("a.txt", PAGE + "a" + "\u0315\u200b\u0301" * (LONG // 3)),
    "one word as a telephone": ("a.txt", f"{CARDS}telefon: {'a' * LONG}\n"),
    "blanks in a telephone": ("a.txt", f"{CARDS}telefon: 1{' ' * LONG}x\n"),
    "an address without its @": ("a.txt", f"{CARDS}e-post: {'a.' * (LONG // 2)}\n"),
    "digits": ("a.txt", f"{CARDS}{'0 ' * (LONG // 2)}x\n"),
    "dots in an address": ("a.md", f'{FRONT}contacts:\n- name: A\n  email: "a@{"." * 40_000}<"{BELOW}'),
    "a number of base sixty": ("a.md", f"---\ntitle: 1{':1' * 20_000}{BELOW}"),
    "blanks": ("a.txt", PAGE + "a" + " " * LONG + "b"),
    "labels": ("a.txt", PAGE + "ord Pdf, 3 kB " * (LONG // 14)),
    "brackets": ("a.md", FRONT + BELOW + "![" * (LONG // 10)),
    "a fence": ("a.md", FRONT + BELOW + "`" * LONG),
    "dashes": ("a.md", "-" * LONG + "x"),
    "dashes and blanks": ("a.md", "---" + " " * LONG + "x"),
}


@pytest.mark.parametrize("kind", LONGEST)
def test_the_longest_input_of_any_kind_is_read_in_seconds(read: Read, kind: str) -> None:
    name, text = LONGEST[kind]
    start = process_time()
    assert isinstance(read(text, address=name), Parsed | Refused)
    assert process_time() - start < 20  # and needs less than two


def test_a_thousand_words_that_may_open_a_sentence_are_no_name(accepted: Callable[..., Parsed]) -> None:
    text = f"{PAGE}{'På ' * 1500}x.\n\nSlut."
    assert accepted(text).draft.title == "Titel"


def test_accents_as_scripts_pile_them_are_text(accepted: Callable[..., Parsed]) -> None:
    word = "Ca\u0323\u0302\u0301 bo\u0308r ṩ e\u0301"
    outcome = accepted(f"{PAGE}{word} här.\n\nSlut.")
    assert unicodedata.normalize("NFC", word) in (outcome.draft.body_text or "")


def test_more_accents_than_any_script_has_are_refused_with_their_line(refused: RefusedRead) -> None:
    outcome = refused(f"{PAGE}H{chr(0x301) * 31}ej där.\n")
    assert outcome.line == 7
    assert "combining marks" in outcome.reason
