from dataclasses import replace

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
