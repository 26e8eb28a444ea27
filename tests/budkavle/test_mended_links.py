"""Links that mail programs change on the way still lead where they were meant to, and nothing else does."""

from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budkavle.web.mended_links import mended

TOKEN = "0123456789abcdef0123456789abcdef"  # noqa: S105 - a leave token of nobody
PAGES = ("avsluta", "angra", "mina-val", "bekrafta", "mina-uppgifter")

CHANGES: dict[str, Callable[[str], str]] = {
    "a slash": lambda path: f"{path}/",
    "two slashes": lambda path: f"{path}//",
    "slashes before": lambda path: f"/{path}",
    "a full stop": lambda path: f"{path}.",
    "three full stops": lambda path: f"{path}...",
    "an ellipsis": lambda path: f"{path}…",
    "a comma": lambda path: f"{path},",
    "a semicolon": lambda path: f"{path};",
    "a colon": lambda path: f"{path}:",
    "a question mark that was encoded": lambda path: f"{path}%3F",
    "an exclamation mark": lambda path: f"{path}!",
    "a bracket": lambda path: f"{path})",
    "a square bracket": lambda path: f"{path}]",
    "an angle bracket": lambda path: f"{path}>",
    "angle brackets around the token": lambda path: path.replace(TOKEN, f"<{TOKEN}>"),
    "a quotation mark": lambda path: f'{path}"',
    "a Swedish quotation mark": lambda path: f"{path}”",
    "an apostrophe": lambda path: f"{path}'",
    "an asterisk of Markdown": lambda path: f"{path}**",
    "an underscore": lambda path: f"{path}_",
    "a blank": lambda path: f"{path} ",
    "a blank that was encoded": lambda path: f"{path}%20",
    "a no-break space": lambda path: f"{path}\u00a0",
    "a zero-width space": lambda path: f"{path}\u200b",
    "a tab and a line": lambda path: f"{path}\t\r\n",
    "a line break that was encoded": lambda path: f"{path}%0D%0A",
    "a soft line break in the token": lambda path: f"{path[:-9]}=\r\n{path[-9:]}",
    "a soft line break that was encoded": lambda path: f"{path[:-9]}=%0A{path[-9:]}",
    "a line break in the token": lambda path: f"{path[:-20]}%0D%0A {path[-20:]}",
    "a quoted line break": lambda path: f"{path[:-20]}\n> {path[-20:]}",
    "a soft hyphen": lambda path: f"{path[:-20]}\u00ad{path[-20:]}",
    "an equals sign at the end": lambda path: f"{path}=",
    "an equals sign that was encoded": lambda path: path.replace(TOKEN, f"=3D{TOKEN}"),
    "a parameter": lambda path: f"{path}&utm_source=brev&utm_medium=email",
    "a parameter that was encoded": lambda path: f"{path}%3Futm_source%3Dbrev",
    "a parameter behind a semicolon": lambda path: f"{path};jsessionid=0A1B2C",
    "a fragment that was encoded": lambda path: f"{path}%23top",
    "capitals": str.upper,
    "a capital page": lambda path: path[0] + path[1:].capitalize(),
    "capitals in the token": lambda path: path.replace(TOKEN, TOKEN.upper()),
    "percent": lambda path: quote(path, safe=""),
    "percent twice": lambda path: quote(quote(path, safe=""), safe=""),
    "percent, every sign": lambda path: "/" + "".join(f"%{ord(sign):02x}" for sign in path[1:]),
    "the path twice": lambda path: path + path,
    "the path twice, with slashes": lambda path: f"{path}/{path}",
    "the whole link behind a host": lambda path: f"/https://nyheter.example.org{path}",
    "the whole link, one slash lost": lambda path: f"/https:/nyheter.example.org{path}",
    "the whole link behind the path": lambda path: f"{path}/https://nyheter.example.org{path}",
    "the whole link, encoded, behind the path": lambda path: (
        f"{path}%26url%3D{quote('https://nyheter.example.org', safe='')}"
    ),
    "two slashes inside": lambda path: path.replace("/", "//"),
    "a backslash": lambda path: path[0] + path[1:].replace("/", "\\"),
    "the token as a parameter": lambda path: path.replace(TOKEN, f"?token={TOKEN}"),
    "a folder before": lambda path: f"/nyheter{path}",
    "a file before": lambda path: f"/index.php{path}",
    "a mark of the mail program behind": lambda path: f"{path}/x/1a2b3c",
    "text behind": lambda path: f"{path}) eller svara",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_link_that_was_changed_leads_where_it_was_meant_to(change: Callable[[str], str]) -> None:
    for page in PAGES:
        path = f"/{page}/{TOKEN}"
        assert (mended(change(path)) or change(path)) == path


def test_a_whole_link_is_left_alone() -> None:
    assert all(mended(f"/{page}/{TOKEN}") is None for page in PAGES)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/avsluta",
        "/avsluta/",
        f"/avsluta/{TOKEN[1:]}",
        f"/avsluta/{TOKEN}0",
        f"/avsluta/0{TOKEN}",
        f"/avsluta/g{TOKEN}",
        f"/avsluta/{TOKEN[:-1]}g",
        f"/avsluta/{TOKEN}x",
        f"/avsluta{TOKEN}",
        f"/feeds/{TOKEN}",
        f"/utgavor/veckobrev/{TOKEN}",
        f"/avsluta/annat/ord/{TOKEN}",
        f"/prenumerera/{TOKEN}",
        "/avsluta/" + "a" * 5000,
        f"/{'x' * 3000}/avsluta/{TOKEN}.",
    ],
)
def test_a_token_that_lost_or_won_a_digit_and_another_page_are_not_mended(path: str) -> None:
    assert mended(path) is None


@settings(max_examples=50)
@given(st.text(max_size=300))
def test_no_path_raises_and_what_is_mended_needs_no_mending(path: str) -> None:
    for text in (path, f"/avsluta/{path}{TOKEN}{path}"):
        meant = mended(text)
        assert meant is None or mended(meant) is None


@pytest.mark.parametrize("page", ["av\u017fluta", "m\u0131na-val", "m\u0130na-val", "bek\u017fafta"])
def test_a_letter_that_only_folds_to_one_of_a_page_is_no_page(page: str) -> None:
    assert mended(f"/{page}/{TOKEN}") is None


@given(st.text(alphabet="/avslutmin-\u017f\u0131\u0130\u212a0aF%=", max_size=12), st.sampled_from(PAGES))
def test_what_is_mended_is_always_plain_ascii(around: str, page: str) -> None:
    meant = mended(f"{around}/{page}/{TOKEN}{around}")
    assert meant is None or meant.isascii()
