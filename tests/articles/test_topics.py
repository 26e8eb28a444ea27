from dataclasses import replace

import pytest

from articles.article import Draft, Paragraph, PublisherId, Section, Topic, TopicId
from articles.topics import tagged, topics_in

VARD = Topic(id=TopicId("vard"), label="Vård", words=("vård", "lex maria"))
BUSS = Topic(id=TopicId("buss"), label="Buss", words=("buss", " "))
TOPICS = (VARD, BUSS)
DRAFT = Draft(
    publishers=(PublisherId("p"),),
    title="Två beslut",
    lead="Båda gäller från maj.",
    sections=(
        Section(blocks=(Paragraph(text="Om budgeten."),)),
        Section(heading="Fler bussar", blocks=(Paragraph(text="Linje fyra."),)),
        Section(heading="Mottagningen", blocks=(Paragraph(text="Sjukvården flyttar."),)),
    ),
)


def test_a_word_is_found_inside_another_whatever_its_case() -> None:
    assert topics_in("SJUKVÅRDEN", TOPICS) == ("vard",)
    assert topics_in("anmäls enligt Lex\nMaria", TOPICS) == ("vard",)


def test_a_blank_word_finds_nothing() -> None:
    assert topics_in("en text", TOPICS) == ()


@pytest.mark.parametrize(
    ("word", "text", "found"),
    [
        ("buss*", "Bussarna är fulla", True),
        ("buss*", "en el-buss", True),
        ("buss*", "föreningsbussen kör gratis", False),
        ("buss*", "”Buss till simhallen”", True),
        ("elev*", "relevanta uppgifter", False),
        ("*buss", "skolbuss", True),
        ("*buss", "skolbussar", False),
        ("*avfall*", "matavfallet", True),
        ("lex maria*", "enligt Lex\nMaria-anmälan", True),
        ("lex maria*", "komplex maria", False),
        ("å*", "på ålen", True),
        ("c++*", "kurs i C++", True),
        ("*", "en text", False),
        ("* *", "en * text", False),
    ],
)
def test_an_asterisk_says_on_which_side_a_word_may_go_on(word: str, text: str, *, found: bool) -> None:
    assert topics_in(text, (Topic(id=TopicId("x"), label="X", words=(word,)),)) == (("x",) if found else ())


def test_each_section_has_its_own_topics_and_the_article_all_of_them() -> None:
    draft = tagged(DRAFT, TOPICS)
    assert [section.topics for section in draft.sections] == [(), ("buss",), ("vard",)]
    assert draft.topics == ("vard", "buss")


def test_title_and_lead_count_for_the_article_alone() -> None:
    draft = tagged(replace(DRAFT, lead="Om vården.", sections=DRAFT.sections[:1]), TOPICS)
    assert (draft.topics, draft.sections[0].topics) == (("vard",), ())


def test_declared_topics_are_all_that_the_article_and_its_sections_have() -> None:
    draft = tagged(replace(DRAFT, topics=(TopicId("buss"),)), TOPICS)
    assert draft.topics == ("buss",)
    assert [section.topics for section in draft.sections] == [(), ("buss",), ()]
