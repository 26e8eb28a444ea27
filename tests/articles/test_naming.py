"""How a person may name an article: properties over many names, and the names that operators type."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.article import ArticleId, SourceName
from articles.naming import ArticleNames, TypedName, is_file, named, web_address

SOURCE = SourceName("barrvik")
BUS = ArticleNames(
    id=ArticleId("tag:example.org,2026:barrvik/u54vrxk47672gi44"),
    seen_at=[(SOURCE, "https://www.example.org/Nyheter/buss.html"), (SOURCE, "2026/buss.md")],
    titles=["Ny busslinje till Barrvik", "Ny buss till Barrvik"],
)
BATH = ArticleNames(
    id=ArticleId("tag:example.org,2026:lingonmark/7cn7j2hk32dvyyfh"),
    seen_at=[(SourceName("lingonmark"), "https://xn--rksmrgs-5wao1o.example.org/badet/"), (SOURCE, "2025/buss.md")],
    titles=["Badet i Barrvik öppnar", "Badet öppnar"],
)
WITHOUT = ArticleNames(id=ArticleId("tag:example.org,2026:barrvik/aaaaaaaaaaaaaaaa"), seen_at=[], titles=["Badet"])
ALL = [BUS, BATH, WITHOUT]


def ids(text: str, *files: tuple[SourceName, str]) -> list[str]:
    return [each.id for each in named(TypedName(text=text, files=files), ALL)]


@pytest.mark.parametrize(
    "text",
    [
        BUS.id,
        "u54vrxk47672gi44",
        "U54VRXK47672GI44",
        "barrvik/u54vrxk47672gi44",
        "https://www.example.org/Nyheter/buss.html",
        "http://www.example.org/Nyheter/buss.html",
        "HTTPS://WWW.Example.org/Nyheter/buss.html",
        "https://www.example.org:443/Nyheter/buss.html",
        "www.example.org/Nyheter/buss.html",
        "//www.example.org/Nyheter/buss.html",
        "https://www.example.org/Nyheter/buss.html/",
        "https://www.example.org/Nyheter/buss.html#kontakt",
        "https://www.example.org/Nyheter/b%75ss.html",
        "2026/buss.md",
        "./2026/buss.md",
        "busslinje",
        "BUSSLINJE barrvik",
        "Ny buss till Barrvik",
        "  Ny busslinje till Barrvik ",
        "busslinje, barrvik!",
    ],
)
def test_an_article_is_found_by_every_way_to_write_one_of_its_names(text: str) -> None:
    assert ids(text) == [BUS.id]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("buss.md", [BUS.id, BATH.id]),
        ("barrvik", [BUS.id, BATH.id]),
        ("badet", [WITHOUT.id]),  # a whole title comes before titles that hold it
        ("örsmrgås", []),
        ("räksmörgås.example.org/badet", [BATH.id]),
        ("öppnar", [BATH.id]),
        ("oppnar", []),
        ("", []),
        ("   ", []),
        ("…", []),
        ("/", []),
        (".", []),
        ("https://[", []),
        ("tag:", []),
        ("u54vrxk47672gi4", []),
        ("example.org", []),
        ("uss", []),
    ],
)
def test_what_is_no_name_finds_nothing_and_what_fits_several_finds_all_of_them(text: str, found: list[str]) -> None:
    assert ids(text) == found


def test_a_path_from_here_is_as_good_as_one_in_the_source() -> None:
    assert ids("../newsroom/barrvik/2026/buss.md", (SOURCE, "2026/buss.md")) == [BUS.id]
    assert ids("../newsroom/else/2026/buss.md", (SourceName("else"), "2026/buss.md")) == []


WORDS = st.text(string.ascii_lowercase + "åäö", min_size=1, max_size=8)
PATHS = st.lists(WORDS, min_size=1, max_size=4).map("/".join)
ARTICLES = st.lists(
    st.builds(
        lambda name, path, words: ArticleNames(
            id=ArticleId(f"tag:example.org,2026:barrvik/{name:0>16}"),
            seen_at=[(SOURCE, f"https://www.example.org/{path}/"), (SOURCE, f"{path}.md")],
            titles=[" ".join(words)],
        ),
        WORDS,
        PATHS,
        st.lists(WORDS, min_size=1, max_size=4),
    ),
    max_size=6,
    unique_by=lambda one: one.id,
)


@given(ARTICLES, st.text(max_size=30))
def test_whatever_is_typed_names_only_articles_that_there_are_and_never_fails(
    articles: list[ArticleNames], text: str
) -> None:
    found = named(TypedName(text=text), articles)
    assert all(one in articles for one in found)
    assert text.strip() or not found


@given(ARTICLES)
def test_each_article_is_among_those_that_each_of_its_names_finds(articles: list[ArticleNames]) -> None:
    for one in articles:
        for text in (one.id, one.id[-16:], *(address for _, address in one.seen_at)):
            assert one in named(TypedName(text=text), articles), text
        assert list(named(TypedName(text=one.id), articles)) == [one]


@given(ARTICLES, st.data())
def test_words_of_a_title_in_any_order_find_it_unless_something_surer_is_named(
    articles: list[ArticleNames], data: st.DataObject
) -> None:
    for one in articles:
        words = data.draw(st.permutations(one.titles[0].split()))
        found = named(TypedName(text=" ".join(words)), articles)
        surer = [each for each in articles if any(is_file(" ".join(words), seen) for _, seen in each.seen_at)]
        whole = [each for each in articles if each.titles[0] == " ".join(words)]
        assert one in found or surer or whole


@given(PATHS, st.sampled_from(["http://", "https://", "HTTPS://", "//", ""]), st.sampled_from(["", "/", "#x", "/#x"]))
def test_scheme_closing_slash_and_fragment_tell_no_pages_apart(path: str, scheme: str, end: str) -> None:
    assert web_address(f"{scheme}www.example.org/{path}{end}") == f"www.example.org/{path}"
