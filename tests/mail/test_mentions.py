"""Whether a file names somebody, in whatever coding; and whoever is only spelt alike is somebody else."""

import base64
import quopri
from collections.abc import Callable
from time import process_time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.address import Address
from mail.mentions import Sought

WHO = "Zakarias.Qvarnlund@Post.Example.org"
SOUGHT = Sought([Address(WHO), Address("anna@xn--rksmrgs-5wao1o.example.org")])
LINE = f"Hej {'och hej ' * 12}till <{WHO}>, med mera.\n"


def hexed(text: str) -> bytes:
    return "".join(f"={byte:02X}" for byte in text.encode()).encode()


CODED: dict[str, bytes] = {
    "plain": LINE.encode(),
    "upper case": LINE.upper().encode(),
    "UTF-16": LINE.encode("utf-16-le"),
    "base64 in lines": base64.encodebytes(LINE.encode()),
    "base64 after one byte": base64.encodebytes(b"x" + LINE.encode()),
    "base64 after two bytes": base64.encodebytes(b"xy" + LINE.encode()),
    "base64 under a head": b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(LINE.encode()),
    "base64 for addresses": base64.urlsafe_b64encode(f"åäö {WHO}".encode()),
    "quoted-printable": quopri.encodestring(LINE.encode(), quotetabs=True),
    "quoted-printable, each sign": hexed(WHO),
    "a soft line break": WHO[:9].encode() + b"=\r\n" + WHO[9:].encode(),
    "an encoded word in Q": b"=?utf-8?q?" + hexed(WHO) + b"?=",
    "an encoded word in B": b"=?utf-8?b?" + base64.b64encode(WHO.encode()) + b"?=",
    "two encoded words": b"=?utf-8?q?" + hexed(WHO[:9]) + b"?=\r\n =?utf-8?q?" + hexed(WHO[9:]) + b"?=",
    "percent-encoded": b"https://example.org/?to=" + quote(WHO, safe="").encode(),
    "percent-encoded in quoted-printable": b"?to=3D" + quote(WHO, safe="").encode(),
    "a reference of HTML": WHO.replace("@", "&#64;").encode(),
    "a report's type": b"Final-Recipient: rfc822;" + WHO.encode(),
    "a link that writes": b'<a href="mailto:' + WHO.encode() + b'?subject=x">',
    "a return path": b"<studs+zakarias.qvarnlund=post.example.org@list.test>",
    "a rewritten sender": b"<SRS0=abcd=XY=post.example.org=zakarias.qvarnlund@forward.test>",
    "the end of a sentence": WHO.encode() + b".",
    "single quotes": b"'" + WHO.encode() + b"'",
    "a domain in its own letters": "Anna@räksmörgås.example.org".encode(),
    "a cell of a list": b"1;" + WHO.encode() + b";vard",
    "bytes of another charset": b"\xe5\xff " + WHO.encode(),
}


@pytest.mark.parametrize("coding", CODED)
def test_an_address_is_found_in_every_coding(coding: str) -> None:
    assert SOUGHT.stands_in(CODED[coding])


@pytest.mark.parametrize(
    ("known_as", "written"),
    [
        ("anna.lind@gmail.com", "anna.lind@gmail.com"),
        ("annalind@gmail.com", "Anna.Lind@googlemail.com"),
        ("anna@me.com", "anna@me.com"),
        ("anna@icloud.com", "anna@mac.com"),
        ("anna-lind@pm.me", "anna-lind@pm.me"),
        ("anna.lind@yandex.com", "anna-lind@ya.ru"),
    ],
)
def test_a_mailbox_is_found_in_each_of_its_spellings(known_as: str, written: str) -> None:
    sought = Sought([Address(known_as)])
    returned = f"<studs+{written.replace('@', '=')}@list.test>"
    rewritten = f"<SRS0=abcd=XY={written.partition('@')[2]}={written.partition('@')[0]}@forward.test>"
    for form in (f"To: {written}", returned, rewritten):
        assert sought.stands_in(form.encode())
    assert not sought.stands_in(f"To: x{written}, {written}.test".encode())


@pytest.mark.parametrize(
    "other",
    [
        "jan.zakarias.qvarnlund@post.example.org",
        "akarias.qvarnlund@post.example.org",
        "zakarias.qvarnlund@post.example.org.test",
        "zakarias.qvarnlund@example.org",
        "zakarias.qvarnlund+nytt@post.example.org",
        "joanna@xn--rksmrgs-5wao1o.example.org",
        "zakarias.qvarnlund (post.example.org)",
        "",
    ],
)
def test_another_address_is_not_this_one(other: str) -> None:
    assert not SOUGHT.stands_in(f"<{other}>".encode())
    assert not SOUGHT.stands_in(base64.encodebytes(f"<{other}>".encode()))


@given(
    st.binary(max_size=60), st.binary(max_size=60), st.sampled_from([base64.encodebytes, quopri.encodestring, bytes])
)
def test_an_address_is_found_between_any_bytes(before: bytes, after: bytes, coded: Callable[[bytes], bytes]) -> None:
    assert SOUGHT.stands_in(coded(before + b"\n" + WHO.encode() + b"\n" + after))


@pytest.mark.parametrize("part", [b"a", b"a@", b"=", b"aaaaaaaa\n", b"%40", b".", b"&#64;", b"=a", b"=40", b"\0"])
def test_three_hundred_kilobytes_of_anything_is_looked_through_in_seconds(part: bytes) -> None:
    start = process_time()
    assert not SOUGHT.stands_in(part * (300_000 // len(part)))
    assert process_time() - start < 20
