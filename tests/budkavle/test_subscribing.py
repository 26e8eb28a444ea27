"""Lists of addresses: each line by itself, none revived, none lost, and no address in any message."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from budkavle.cli.subscribers import take
from budkavle.config import load
from budkavle.subscribing import ImportedLines, import_lines, read_csv
from budkavle.wiring import Service, open_service
from digest.adapters.subscribers import Joined
from digest.address import Address
from digest.subscription import filter_of
from tests.digest.relay import installed
from tests.given import NOW


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with open_service(load(installed(tmp_path))) as opened:
        yield opened


def written(service: Service, data: str | bytes) -> Path:
    path = service.config.folder / "lista.csv"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def imported(service: Service, data: str | bytes) -> ImportedLines:
    lines = read_csv(written(service, data), "veckobrev")
    assert not isinstance(lines, str), lines
    return import_lines(service, lines, NOW)


def refusal(service: Service, data: str | bytes) -> str:
    """Why the file cannot be read at all; never with an address."""
    why = read_csv(written(service, data), "veckobrev")
    assert isinstance(why, str)
    assert "@" not in why
    return why


def addresses(service: Service) -> list[str]:
    return [each.address for each in service.subscribers.all()]


def test_a_list_joins_everybody_with_their_choices(service: Service) -> None:
    done = imported(
        service,
        "address,digest,topics,publishers,language,consent\n"
        'a@example.org,veckobrev,"vard, kultur",barrvik,en,"Blankett, 2026-01-02"\n'
        "b@example.org,,vard|kultur,,,\n",
    )
    assert (done.counts, done.refused) == ({Joined.NEW: 2}, ())
    first, second = service.subscribers.all()
    assert first.wanted == filter_of(("vard", "kultur"), ("barrvik",))
    assert (second.digest, second.wanted) == ("veckobrev", filter_of(("vard", "kultur")))


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfaddress\na@example.org\n",
        b"address;topics\r\na@example.org;vard, kultur\r\n",
        b"\xef\xbb\xbfaddress;digest;topics\r\na@example.org;veckobrev;vard\r\n",
        b"Address , Consent\na@example.org,ja\n",
        b"address\ra@example.org\r",
        b"address\n\n  \na@example.org",
        b'"address","consent"\n"a@example.org","sade ""ja"" 2026"\n',
        "address,consent\na@example.org,ja\u2028tack\n".encode(),
    ],
)
def test_byte_order_marks_semicolons_line_ends_and_quotes_of_all_kinds_are_read(service: Service, data: bytes) -> None:
    done = imported(service, data)
    assert (done.counts, done.refused) == ({Joined.NEW: 1}, ())
    assert addresses(service) == ["a@example.org"]


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ("address\na@example.org\nb@example.org,på\n".encode("latin-1"), 3),
        ("address\na@example.org\n".encode("utf-16"), 1),
        ("address\na@example.org\n".encode("utf-16-le"), 1),
        (b"\x00\x01\x02\xff", 1),
    ],
)
def test_what_is_not_utf_8_is_refused_with_its_line(service: Service, data: bytes, line: int) -> None:
    assert f"lista.csv:{line}: not UTF-8" in refusal(service, data)


@pytest.mark.parametrize("data", ["", "\n", " \n\n", "adress\na@example.org\n", "a@example.org\nb@example.org\n"])
def test_a_list_without_the_column_address_is_refused(service: Service, data: str) -> None:
    assert "lista.csv:1: no column `address`" in refusal(service, data)


@pytest.mark.parametrize("head", ["address,epost", "address,a@example.org", 'address,"topics', "address,address"])
def test_a_head_that_cannot_be_understood_is_refused(service: Service, head: str) -> None:
    assert "lista.csv:1: " in refusal(service, f"{head}\na@example.org,vard\n")


BAD_LINES = [
    ("b@example.org,veckobrev,vård", "unknown topic vård; did you mean vard?"),
    ("b@example.org,manadsbrev,", "unknown digest manadsbrev; use one of veckobrev"),
    ("b@example.org,veckobrev,b@example.org", "unknown topic …"),
    ("b@example.org,b@example.org,", "unknown digest …"),
    ('"b@example.org,veckobrev,vard', "quotes"),
    ('b@example.org,veckobrev,"vard" kultur', "quotes"),
    ("b@example.org,veckobrev,vard,kultur", "more fields than the header has columns"),
    ("b.example.org,veckobrev,vard", "no mail address"),
    (",veckobrev,vard", "no mail address"),
    ("bä@example.org,veckobrev,vard", "SMTPUTF8"),
    ("B <b@example.org>,veckobrev,vard", "no mail address"),
    ('"b@example.org\r\nBcc: c@example.org",veckobrev,', "quotes"),
]


@pytest.mark.parametrize(("line", "why"), BAD_LINES)
def test_a_bad_line_is_named_and_costs_no_other_line(service: Service, line: str, why: str) -> None:
    done = imported(service, f"address,digest,topics\na@example.org,veckobrev,vard\n{line}\nc@example.org,,\n")
    assert addresses(service) == ["a@example.org", "c@example.org"]
    number, reason = done.refused[0]
    assert number == 3
    assert why in reason
    assert not [reason for _, reason in done.refused if "example" in reason]


def test_a_line_of_another_list_names_what_is_missing(service: Service) -> None:
    lines = read_csv(written(service, "address\na@example.org\n"), None)
    assert not isinstance(lines, str)
    assert import_lines(service, lines, NOW).refused == ((2, "no digest; name one of veckobrev"),)


def test_the_same_address_twice_in_a_list_joins_once(service: Service) -> None:
    done = imported(service, "address\na@example.org\nA@EXAMPLE.ORG\na@example.org\n")
    assert done.counts == {Joined.NEW: 1, Joined.UNCHANGED: 2}
    assert addresses(service) == ["a@example.org"]


def test_a_second_import_changes_nothing(service: Service) -> None:
    data = "address,topics\na@example.org,vard\nb@example.org,\n"
    imported(service, data)
    before = list(service.subscribers.all())
    done = imported(service, data.replace("vard", "kultur"))
    assert done.counts == {Joined.UNCHANGED: 2}
    assert list(service.subscribers.all()) == before


def test_an_import_revives_nobody_who_left(service: Service) -> None:
    imported(service, "address\na@example.org\n")
    service.subscribers.end(Address("a@example.org"), None, "asked", NOW)
    assert imported(service, "address\nA@example.org\n").counts == {Joined.LEFT_BEFORE: 1}
    assert [each.state for each in service.subscribers.all()] == ["ended"]


def test_the_command_names_file_and_line_and_repeats_no_address(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(service, "address,topics\na@example.org,vard\nb@example.org,vord\nc.example.org,\n")
    assert take(path, config=service.config.file) == 1
    out, err = capsys.readouterr()
    assert f"{path}:3: unknown topic vord; did you mean vard?" in err
    assert f"{path}:4: no mail address" in err
    assert "3 lines: 1 new, 2 refused" in out
    assert "example" not in (out + err).replace(str(path), "")
