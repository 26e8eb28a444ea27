"""Several matters in one article become sub-items; furniture and pointers do not."""

from datetime import date

from articles.article import Article, ArticleId, BulletList, DateSource, Paragraph, Published, PublisherId, Section
from digest.letters.subheadings import decisions

BODY = "Fullmäktige beslutade om detta i dag."


def article(*sections: tuple[str, str]) -> Article:
    return Article(
        id=ArticleId("tag:example.org,2026:lingonmark/a"),
        publishers=(PublisherId("lingonmark"),),
        title="Beslut i fullmäktige",
        sections=tuple(
            Section(heading=head, blocks=(Paragraph(text=text),) if text else ()) for head, text in sections
        ),
        published=Published(value=date(2026, 11, 18), source=DateSource.TEXT, raw="18 november 2026"),
    )


def test_two_headed_sections_are_two_decisions() -> None:
    assert decisions(article(("", BODY), ("Ny budget", BODY), ("Ny buss", BODY))) == ("Ny budget", "Ny buss")


def test_one_headed_section_is_no_list_of_decisions() -> None:
    assert decisions(article(("", BODY), ("Ny budget", BODY))) == ()


def test_a_pointer_to_the_minutes_is_no_decision() -> None:
    pointer = "Även andra ärenden avgjordes. Klicka här för att läsa handlingarna."
    sections = (("Ny budget", BODY), ("Ny buss", BODY), ("Mer från mötet", pointer))
    assert decisions(article(*sections)) == ("Ny budget", "Ny buss")


def test_asides_and_empty_sections_are_no_decisions() -> None:
    sections = (
        ("Ny budget", BODY),
        ("Fakta om budgeten", BODY),
        ("Bakgrund", BODY),
        ("Kontakt", BODY),
        ("Läs handlingarna", BODY),
        ("Tom", ""),
    )
    assert decisions(article(*sections)) == ()


def test_a_long_section_that_also_points_somewhere_is_a_decision() -> None:
    long = BODY * 10 + " Läs mer om budgeten."
    assert decisions(article(("Ny budget", long), ("Ny buss", BODY))) == ("Ny budget", "Ny buss")


def test_a_section_that_is_a_list_counts() -> None:
    listed = Section(heading="Avtal", blocks=(BulletList(items=("Barn och unga", "Äldre")),))
    paragraph = Section(heading="Ny buss", blocks=(Paragraph(text=BODY),))
    assert decisions(Article(**{**vars(article()), "sections": (listed, paragraph)})) == ("Avtal", "Ny buss")
