"""Addresses with letters outside ASCII become URIs, and URIs stay as they are."""

import re
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from articles.sources.declared import web_address
from articles.uri import uri
from tests.drawn import examples

URI = re.compile(r"https?://[A-Za-z0-9._~!$&'()*+,;=:@%\[\]-]+[A-Za-z0-9._~!$&'()*+,;=:@%/?#\[\]-]*", re.ASCII)


@pytest.mark.parametrize(
    ("iri", "made"),
    [
        (
            "https://www.växjö.example/nyheter/åäö",
            "https://www.xn--vxj-qla6g.example/nyheter/%C3%A5%C3%A4%C3%B6",
        ),
        ("https://VÄXJÖ.example/", "https://xn--vxj-qla6g.example/"),
        ("https://växjö.example", "https://xn--vxj-qla6g.example"),
        ("https://växjö.example:8080/å?ö=ä#ö", "https://xn--vxj-qla6g.example:8080/%C3%A5?%C3%B6=%C3%A4#%C3%B6"),
        ("https://a。växjö。example/", "https://a.xn--vxj-qla6g.example/"),
        ("https://faß.example/", "https://xn--fa-hia.example/"),
        ("https://sámi.example/duođđi", "https://xn--smi-ela.example/duo%C4%91%C4%91i"),
        ("https://مثال.example/", "https://xn--mgbh0fb.example/"),
        ("https://☃.example/", "https://xn--n3h.example/"),
        ("https://example.org/%C3%A5/å", "https://example.org/%C3%A5/%C3%A5"),
        ("https://example.org/100%/å", "https://example.org/100%25/%C3%A5"),
        ("https://example.org/50%", "https://example.org/50%25"),
        ('https://example.org/a|b"{c}`d^', "https://example.org/a%7Cb%22%7Bc%7D%60d%5E"),
        ("https://example.org/\u200bdold", "https://example.org/%E2%80%8Bdold"),
        ("https://example.org/a\u030a", "https://example.org/a%CC%8A"),
        ("http://[2001:db8::1]:80/å", "http://[2001:db8::1]:80/%C3%A5"),
        ("https://person:lösen@example.org/", "https://person:l%C3%B6sen@example.org/"),
        ("https://example.org/bild_å[1].jpg", "https://example.org/bild_%C3%A5%5B1%5D.jpg"),
        ("https://example.org/😀", "https://example.org/%F0%9F%98%80"),
    ],
)
def test_an_iri_becomes_the_uri_that_browsers_ask_for(iri: str, made: str) -> None:
    assert uri(iri) == made
    assert URI.fullmatch(made)


@pytest.mark.parametrize(
    "text",
    [
        "https://www.example.org/a?b=c#d",
        "HTTPS://Example.ORG/A?",
        "https://example.org/a%C3%a5?#",
        "https://example.org/a[1]?x[]=2",
        "https://_dmarc.example.org/~me/;a=b,c",
    ],
)
def test_a_uri_stays_as_it_is_to_the_letter(text: str) -> None:
    assert uri(text) == text


@settings(max_examples=examples(50))
@example("0:\x80", "", "")
@given(st.text(min_size=1, max_size=20), st.text(max_size=20), st.text(max_size=10))
def test_every_address_that_is_taken_in_becomes_a_uri_that_stays_one_and_means_the_same(
    host: str, path: str, query: str
) -> None:
    address = f"https://{host}.example/{path}?{query}"
    if web_address(address):
        made = uri(address)
        assert made.isascii()
        assert uri(made) == made
        assert unquote(urlsplit(made).path) == unquote(urlsplit(address).path)
