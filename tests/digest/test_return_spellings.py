"""Return tags come back in the spellings of gateways: each is known, and none is taken for another's."""

from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.bounces.report import read_bounce
from digest.keys import Key
from digest.return_spellings import leave_tokens_in, tags_in
from digest.verp import Returned, ReturnedNotice, ReturnPaths, read_address
from tests.drawn import examples
from tests.keys import KEY

PATHS = ReturnPaths(KEY, "studs@example.org")
TAG = PATHS.tag(12, 4711)
NOTICE_TAG = PATHS.notice_tag(17, datetime(2026, 11, 28, tzinfo=UTC))
LETTER = Returned(edition=12, subscription=4711)  # type: ignore[arg-type]
TOKEN = "0123456789abcdef0123456789abcdef"  # noqa: S105 - a leave token of nobody

SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it was made": lambda tag: f"studs+{tag}@example.org",
    "in angle brackets": lambda tag: f"<studs+{tag}@example.org>",
    "in capitals": lambda tag: f"STUDS+{tag.upper()}@EXAMPLE.ORG",
    "with a capital": lambda tag: f"Studs+{tag.capitalize()}@Example.org",
    "quoted": lambda tag: f'"studs+{tag}"@example.org',
    "in single quotes": lambda tag: f"'studs+{tag}@example.org'",
    "with another delimiter": lambda tag: f"studs-{tag}@example.org",
    "with an equals sign for the plus": lambda tag: f"studs={tag}@example.org",
    "with an underscore for the plus": lambda tag: f"studs_{tag}@example.org",
    "with a hash for the plus": lambda tag: f"studs#{tag}@example.org",
    "with two delimiters": lambda tag: f"region+studs+{tag}@example.org",
    "without its mailbox": lambda tag: f"{tag}@studs.example.org",
    "SRS0": lambda tag: f"SRS0=Hx7k=QD=example.org=studs+{tag}@forward.test",
    "SRS0 with pluses": lambda tag: f"SRS0+Hx7k+QD+example.org+studs+{tag}@forward.test",
    "SRS0 with hyphens": lambda tag: f"srs0-hx7k-qd-example.org-studs+{tag}@forward.test",
    "SRS1": lambda tag: f"SRS1=Zt4q=first.test==Hx7k=QD=example.org=studs+{tag}@second.test",
    "Exchange Online's SRS": lambda tag: f"bounces+SRS=Hx7kQ=QD@tenant.test studs+{tag}@example.org",
    "BATV": lambda tag: f"prvs=0123abcdef=studs+{tag}@example.org",
    "BATV, the other way round": lambda tag: f"prvs=studs+{tag}/0123abcdef@example.org",
    "Barracuda's BATV": lambda tag: f"btv1==1234567890ab==studs+{tag}@example.org",
    "percent": lambda tag: quote(f"studs+{tag}@example.org", safe=""),
    "percent twice": lambda tag: quote(quote(f"studs+{tag}@example.org", safe=""), safe=""),
    "percent, every sign": lambda tag: "".join(f"%{ord(sign):02X}" for sign in f"studs+{tag}") + "@example.org",
    "quoted-printable": lambda tag: f"studs=2B{tag}=40example.org",
    "quoted-printable, the tag as well": lambda tag: (
        f"studs=2B{tag.replace('-', '=2D').replace('.', '=2E')}@example.org"
    ),
    "an equals sign that was encoded": lambda tag: f"SRS0=3DHx7k=3DQD=3Dexample.org=3Dstuds+{tag}@forward.test",
    "xtext": lambda tag: f"studs+2B{tag}@example.org",
    "a list's own VERP": lambda tag: f"lista-bounces+studs+{tag}=example.org@list.test",
    "a list's VERP with another delimiter": lambda tag: f"lista-return-3-studs={tag}=example.org@list.test",
    "the percent hack": lambda tag: f"studs+{tag}%example.org@relay.test",
    "a source route": lambda tag: f"<@relay.test,@mx.test:studs+{tag}@example.org>",
    "a UUCP path": lambda tag: f"relay!example.org!studs+{tag}@x.test",
    "LDAP and X.400": lambda tag: f"IMCEASMTP-studs+2B{tag}+40example+2Eorg@exchange.test",
    "underscores for dots": lambda tag: f"studs+{tag.replace('.', '_')}@example.org",
    "an equals sign for the hyphen": lambda tag: f"studs+{tag.replace('-', '=')}@example.org",
    "blanks around": lambda tag: f"  studs+{tag}@example.org \t",
    "a comment": lambda tag: f"studs+{tag}@example.org (Budkavle)",
    "the tag alone": lambda tag: tag,
    "with a dot at the end": lambda tag: f"studs+{tag}@example.org.",
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_a_tag_is_known_in_every_spelling_that_gateways_make_of_it(spelling: Callable[[str], str]) -> None:
    assert read_address(KEY, spelling(TAG)) == LETTER
    assert isinstance(read_address(KEY, spelling(NOTICE_TAG)), ReturnedNotice)


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_another_installations_tag_is_nobodys_in_any_spelling(spelling: Callable[[str], str]) -> None:
    assert read_address(Key(b"x" * 32), spelling(TAG)) is None
    assert read_address(KEY, spelling(TAG[:-1] + ("0" if TAG[-1] != "0" else "1"))) is None
    assert read_address(KEY, spelling(f"1{TAG}")) is None


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize("field", ["Delivered-To", "X-Original-To", "To", "X-Forwarded-To", "Received"])
def test_a_report_is_known_by_whatever_field_still_holds_the_tag(field: str, spelling: Callable[[str], str]) -> None:
    address = spelling(TAG).strip()
    value = f"from a.test by b.test for <{address.strip('<>')}>; today" if field == "Received" else address
    if field == "Received" and " " in address:
        return  # a comment stands outside of the address there
    report = f"{field}: {value}\r\nContent-Type: message/delivery-status\r\n\r\nA: b\r\n\r\nStatus: 5.1.1\r\n"
    assert read_bounce(KEY, report.encode()).letter == LETTER


RETURNED = """From: mailer-daemon@a.test
To: complaints@example.org
Content-Type: multipart/report; report-type={kind}; boundary=b

--b
Content-Type: message/{kind}

{said}

--b
Content-Type: message/rfc822

{head}
Subject: Veckans nyheter

--b--
"""


@pytest.mark.parametrize(
    "head",
    [
        f"Return-Path: <studs+{TAG}@example.org>",
        f"Return-Path: <SRS0=Hx7k=QD=example.org=studs+{TAG.upper()}@forward.test>",
        f"X-Envelope-From: studs+{TAG}@example.org",
        f'Received-SPF: pass (a.test: domain of studs+{TAG}@example.org) envelope-from="studs+{TAG}@example.org";',
        f"Authentication-Results: a.test; spf=pass smtp.mailfrom=studs+{TAG}@example.org",
    ],
)
@pytest.mark.parametrize(
    ("kind", "said"), [("feedback-report", "Feedback-Type: abuse"), ("delivery-status", "A: b\n\nStatus: 5.1.1")]
)
def test_a_report_to_another_address_is_known_by_the_letter_that_it_returns(kind: str, said: str, head: str) -> None:
    assert read_bounce(KEY, RETURNED.format(kind=kind, said=said, head=head).encode()).letter == LETTER


@settings(max_examples=examples(50))
@given(st.text(max_size=1200))
def test_no_text_raises_or_gives_many(text: str) -> None:
    assert len(list(tags_in(text))) <= 50
    assert len(list(leave_tokens_in(f"{text}@example.org"))) <= 50


@pytest.mark.parametrize(
    "address",
    [
        f"studs+{TOKEN}@example.org",
        f"STUDS+{TOKEN.upper()}@EXAMPLE.ORG",
        f"studs%2B{TOKEN}@example.org",
        f"SRS0=Hx7k=QD=example.org=studs+{TOKEN}@forward.test",
        f"studs={TOKEN}@example.org",
        f"studs+{TOKEN}",
        f"mailto:studs+{TOKEN}@example.org?subject=unsubscribe",
    ],
)
def test_a_leave_token_is_found_before_the_at_in_every_spelling(address: str) -> None:
    assert list(leave_tokens_in(address)) == [TOKEN]


def test_a_longer_or_shorter_run_of_digits_is_no_leave_token() -> None:
    for text in (TOKEN[1:], f"{TOKEN}0", f"x{TOKEN}"):
        assert list(leave_tokens_in(f"studs+{text}@example.org")) == []
    assert list(leave_tokens_in(f"a@{TOKEN}.test")) == []
