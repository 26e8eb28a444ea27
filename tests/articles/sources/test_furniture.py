import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.sources.adapters.rules import parse, shipped
from articles.sources.furniture import RuleSet, join, without_labels

RULES = join(shipped())
LABEL = "Länk till annan webbplats"


def test_the_shipped_rule_sets_are_read_by_name() -> None:
    assert [rules.name for rules in shipped()] == ["optimizely", "pressroom", "sitevision"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("footer = ['x']", "x.toml: footer is no list of a rule set"),
        ("foot = 'x'", "x.toml: foot must be a list of texts"),
        ("foot = ['']", "x.toml: foot must be a list of texts"),
        ("label_patterns = ['(']", "is no regular expression"),
        ("label_patterns = ['a*']", "matches nothing at all"),
    ],
)
def test_a_faulty_rule_set_names_the_key(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=r".*") as caught:
        parse("x", text)
    assert fault in str(caught.value)


@pytest.mark.parametrize(
    ("text", "stripped"),
    [
        (f"Klicka här {LABEL}. för att läsa.", "Klicka här för att läsa."),
        (f"Klicka här  {LABEL}. för att läsa.", "Klicka här för att läsa."),
        (f"Klicka här {LABEL}.för att läsa.", "Klicka här för att läsa."),
        (f"Klicka här{LABEL}. för att läsa.", "Klicka här för att läsa."),
        (f"Klicka här {LABEL} för att läsa.", "Klicka här för att läsa."),
        (f"Klicka här {LABEL}.. för att läsa.", "Klicka här för att läsa."),
        (f"Klicka här {LABEL} . för att läsa.", "Klicka här för att läsa."),
        (f"Läs på webbplatsen {LABEL}..", "Läs på webbplatsen."),
        (f"Läs på webbplatsen {LABEL}. .", "Läs på webbplatsen."),
        (f"Läs på webbplatsen {LABEL}.", "Läs på webbplatsen"),
        (f"Läs här {LABEL}., eller där {LABEL}.!", "Läs här, eller där!"),
        (f"Läs här {LABEL}, öppnas i nytt fönster. eller där.", "Läs här eller där."),
        ("Läs planen Pdf, 1.2 MB, öppnas i nytt fönster. eller fråga.", "Läs planen eller fråga."),
        (f"{LABEL}.", ""),
        (f"{LABEL}. Sedan mer.", "Sedan mer."),
        ("Mejla Siv på Det här är en e-postadress. Hon svarar.", "Mejla Siv på. Hon svarar."),
        ("Vänta .. och se . så ...", "Vänta .. och se . så ..."),
        ("Länken till annan webbplats är en länk till annan webbplats.",) * 2,
        ("En Länk till annan webbplatsen.",) * 2,
    ],
)
def test_a_label_goes_with_its_own_stop_and_nothing_else(text: str, stripped: str) -> None:
    assert without_labels(text, RULES) == stripped


@given(text=st.text(alphabet="ab .,;:!?…-–\xa0åÖ", max_size=60))
def test_a_text_without_labels_is_left_as_it_is(text: str) -> None:
    assert without_labels(text, RULES) == text


@given(
    before=st.text(alphabet="ab .,!å", max_size=20),
    after=st.text(alphabet="ab .,!å", max_size=20),
    label=st.sampled_from(RULES.labels + RULES.hidden_addresses),
    glue=st.sampled_from(["", " ", "  ", ". ", ".", "..", " ."]),
)
def test_no_label_survives_and_no_letter_is_lost(before: str, after: str, label: str, glue: str) -> None:
    left = without_labels(f"{before} {label}{glue or ' '}{after}", RULES)
    assert label not in left
    assert [sign for sign in left if sign.isalpha()] == [sign for sign in before + after if sign.isalpha()]


def test_a_label_of_one_sign_comes_to_an_end() -> None:
    assert "x" not in without_labels("a x b", RuleSet(name="x", labels=("x",), label_patterns=(r"\s",)))
