"""One setting wrong at a time: what is said, of which line, with which remedy."""

from datetime import date
from pathlib import Path

import pytest

from budkavle.config.faults import ConfigError
from budkavle.config.load import load, shipped_rule_sets

TEXT = (Path(__file__).parents[3] / "config.toml").read_text(encoding="utf-8")


def faults(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(file)
    return [str(fault).removeprefix(f"{file}:") for fault in caught.value.faults]


MOVED = '#[[moved]]\n#from = "nyheter"\n#to = "alla-nyheter"\n'


def moved(old: str, new: str) -> str:
    return f'[[moved]]\nfrom = "{old}"\nto = "{new}"\n'


CASES = [
    ("http://127.0.0.1:8090/", "http://nyheter.example.org/", 'write "https://nyheter.example.org/"'),
    ("http://127.0.0.1:8090/", "https://nyheter.example.org", 'write "https://nyheter.example.org/"'),
    ("http://127.0.0.1:8090/", "https://nyheter.example.org/?a=b", "leave out user, query and fragment"),
    ("http://127.0.0.1:8090/", "nyheter.example.org/", "write it whole"),
    ('language = "sv"', 'language = "se"', 'write one of "sv", "en"'),
    ('language = "sv"', 'language = "german"', 'write one of "sv", "en"'),
    ("#hubs = []", 'hubs = ["http://hub.example.org/"]', 'publish.hubs: "http://hub.example.org/" is http'),
    ("#hubs = []", 'hubs = ["http://hub.example.org/"]', 'write "https://hub.example.org/"'),
    ("#hubs = []", 'hubs = ["https://a@hub.example.org/"]', "has a user or a fragment; leave it out"),
    ("#hubs = []", 'hubs = ["https://10.0.0.1/"]', "is no address on the internet"),
    ("#hubs = []", 'hubs = ["hub.example.org"]', "write it whole"),
    ("#hubs = []", 'hubs = "https://hub.example.org/"', "is no list; write a list"),
    ("#check = true", 'check = "no"', "publish.check: "),
    ("Europe/Stockholm", "europe/stokholm", 'write "Europe/Stockholm"'),
    ("sqlite:///var/budkavle.db", "postgresql://a@b/c", "later version"),
    ("sqlite:///var/budkavle.db", "sqlite://", "names no SQLite file"),
    ("drift@example.org", "drift.example.org", "is no mail address"),
    ("drift@example.org", "Drift <drift@example.org>", 'write "drift@example.org"'),
    ('"127.0.0.1:8090"', '"127.0.0.1"', "is not a host and a port"),
    ('"127.0.0.1:8090"', '"127.0.0.1:80900"', "is not a host and a port"),
    ('"var/public"', '"s3://bucket/nyheter"', "later version"),
    ('"var/public"', '"newsroom/barrvik/public"', 'overlaps with "newsroom/barrvik/public"'),
    ('"var/public"', '"var"', 'overlaps with "var"'),
    ('"var/outbox"', '"var/public/outbox"', 'overlaps with "var/public"'),
    ('transport = "maildir"', 'transport = "mail"', 'write "maildir"'),
    ('on_uncertain = "hold"', 'on_uncertain = "send"', 'write "resend"'),
    ('host = "127.0.0.1"', 'host = "smtp.example.org"', 'tls: "none" would send letters unprotected'),
    ('host = "127.0.0.1"', 'host = "smtp.example.org:25"', "without port"),
    ("port = 25", "port = 0", "write 1 or more"),
    ("#password_file", "password_file", "stands without user"),
    ("#user", "user", "stands without password_file"),
    ('id = "lingonmark"', 'id = "Lingonmark"', 'such as "lingonmark"'),
    ('name = "Region Lingonmark"', 'name = "Region\\nLingonmark"', "write it in one line"),
    ("example.org,2026", "example.org", 'such as "example.org,2026"'),
    ('id = "barrvik"', 'id = "lingonmark"', "choose another id"),
    ('publisher = "barrvik"', 'publisher = "barvik"', 'did you mean "barrvik"?'),
    ('kind = "folder"', 'kind = "pages"', "later version"),
    ('rules = "sitevision"', 'rules = "sitevison"', 'did you mean "sitevision"?'),
    ('path = "newsroom/barrvik"', 'path = "newsroom/./lingonmark/"', 'overlaps with "newsroom/lingonmark"'),
    ('path = "newsroom/barrvik"', 'path = "newsroom/lingonmark/a"', 'overlaps with "newsroom/lingonmark"'),
    ('topics = ["skola"]', 'topics = ["Skola"]', 'did you mean "skola"?'),
    ('slug = "kultur-och-fritid"', 'slug = "kultur/fritid"', 'such as "kultur-fritid"'),
    ('slug = "kultur-och-fritid"', 'slug = "alla-nyheter"', "choose another slug"),
    ("#size = 50", "size = 0", "write 1 or more"),
    (
        "#ends = 2026-12-31",
        'ends = "2026-12-31"',
        'feeds.ends: "2026-12-31" is no day; write year, month and day without',
    ),
    ("#ends = 2026-12-31", "ends = 2026-12-31T08:00:00", "is no day"),
    ("#ends = 2026-12-31", "ends = 2026", "such as 2026-12-31"),
    (MOVED, moved("skola-och-utbildning", "alla-nyheter"), 'from: "skola-och-utbildning" is a feed still; give'),
    (MOVED, moved("nyheter", "alla-nyhter"), 'moved.to: "alla-nyhter" is no feed; did you mean "alla-nyheter"?'),
    (MOVED, moved("nyheter", "Alla nyheter"), 'did you mean "alla-nyheter"?'),
    (MOVED, moved("nyheter", "allt") + moved("allt", "alla-nyheter"), '"allt" has moved itself; write "alla-nyheter"'),
    (MOVED, moved("a", "b") + moved("b", "a"), '"b" has moved itself; name a feed that there is'),
    (MOVED, moved("nyheter", "alla-nyheter") * 2, "moved.from: "),
    (MOVED, moved("Nyheter", "alla-nyheter"), 'moved.from: "Nyheter" cannot stand in an address'),
    (MOVED, '[[moved]]\nfrom = "nyheter"\n', 'add to = "alla-nyheter"'),
    ("<nyheter@example.org>", "<nyheter>", "is no mail address"),
    ("<nyheter@example.org>", "<nyheter@example.org>, a@example.org", "is no mail address"),
    ("Nyheter i Lingonmark <", "Veckans\\r\\nBcc: <", "has a line break"),
    ('weekday = "friday"', 'weekday = "5"', 'write one of "monday", "tuesday"'),
    ('every = "week"', 'every = "day"', 'weekday: means nothing beside every = "day"'),
    ('every = "week"\n', 'every = "month"\n', "add monthday = 1"),
    ('weekday = "friday"\n', "", "add weekday"),
    ("#monthday = 1", "monthday = 1", 'means nothing beside every = "week"'),
    ("#monthday = 1", "monthday = 31", "write 28 or less"),
    ('"08:00"', '"24:00"', 'such as "08:00"'),
    ('"08:00"', '"8.00"', 'such as "08:00"'),
    ("items = 30", "items = 30.0", "is no whole number"),
    ('title = "Alla nyheter"', "", 'add title = "Alla nyheter"'),
    ('#templates = "templates"', 'templates = "var/public/mallar"', 'templates: "var/public/mallar" overlaps with'),
    ('#templates = "templates"', 'templates = "newsroom"', 'templates: "newsroom" overlaps with "newsroom/lingonmark"'),
    (
        'transport = "maildir"',
        'transport = "maildir"\nweekday = "friday"',
        "weekday: there is no such setting; move it",
    ),
    ("items = 30", "items = 30\nsize = 50", "move it under [[feeds]]"),
    ("items = 30", 'items = 30\nrules = "sitevision"', "move it under [[sources]]"),
    ("items = 30", 'items = 30\npassword_file = "x"', "move it under [mail.smtp]"),
    ("items = 30", 'items = 30\ntemplates = "x"', "move it to the top of the file, before the first table"),
    ('label = "Kollektivtrafik"', 'label = "Kollektivtrafik"\nname = "x"', "remove it; known here: id, label, words"),
    ('weekday = "friday"', 'wekday = "friday"', "did you mean weekday?"),
]


@pytest.mark.parametrize(("old", "new", "said"), CASES)
def test_what_is_wrong_is_said_with_its_remedy(old: str, new: str, said: str, tmp_path: Path) -> None:
    assert old in TEXT
    assert said in "\n".join(faults(tmp_path, TEXT.replace(old, new, 1)))


def test_a_fault_in_a_name_is_not_repeated_for_those_who_refer_to_it(tmp_path: Path) -> None:
    assert len(faults(tmp_path, TEXT.replace('id = "vard"', 'id = "vård"'))) == 1


def test_a_name_that_nobody_finds_any_more_is_told_where_it_is_looked_for(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, TEXT.replace('id = "vard"', 'id = "halsa"'))
    line = TEXT[: TEXT.index('topics = ["vard"]')].count("\n") + 1
    assert fault.startswith(f"{line}: feeds.topics: ")


def test_a_feed_may_have_had_other_slugs_and_may_have_a_last_day(tmp_path: Path) -> None:
    text = TEXT.replace(MOVED, moved("nyheter", "alla-nyheter") + moved("senaste", "alla-nyheter"))
    (tmp_path / "config.toml").write_text(text.replace("#ends", "ends"), encoding="utf-8")
    settings = load(tmp_path / "config.toml").settings
    assert [(each.from_, each.to) for each in settings.moved] == [
        ("nyheter", "alla-nyheter"),
        ("senaste", "alla-nyheter"),
    ]
    assert [feed.ends for feed in settings.feeds if feed.ends] == [date(2026, 12, 31)]


def test_a_fault_in_a_feeds_slug_is_not_repeated_for_those_that_moved_to_it(tmp_path: Path) -> None:
    text = TEXT.replace(MOVED, moved("nyheter", "alla-nyheter"))
    assert len(faults(tmp_path, text.replace('slug = "alla-nyheter"', 'slug = "Alla"'))) == 1


def test_a_digest_without_a_rhythm_names_the_line_of_its_header(tmp_path: Path) -> None:
    line = TEXT[: TEXT.index("[[digests]]")].count("\n") + 1
    (fault,) = faults(tmp_path, TEXT.replace('weekday = "friday"\n', ""))
    assert fault == f'{line}: digests.weekday: is missing; add weekday = "friday"'


def test_a_relay_needs_its_table(tmp_path: Path) -> None:
    text = TEXT.replace('transport = "maildir"', 'transport = "smtp"')
    text = text[: text.index("[mail.smtp]")] + text[text.index("# Who publishes") :]
    line = text[: text.index("[mail]")].count("\n") + 1
    assert faults(tmp_path, text) == [
        f"{line}: mail.smtp: is missing; add [mail.smtp], as the shipped config.toml shows it"
    ]


def test_a_password_never_travels_unprotected(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, TEXT.replace("#user", "user", 1).replace("#password_file", "password_file", 1))
    assert 'mail.smtp.tls: "none" would send the password unprotected' in fault


@pytest.mark.parametrize("line", ['password = "hemligt"', 'reply_to = "https://a:hemligt@example.org/"'])
def test_a_password_in_the_wrong_place_is_not_repeated(line: str, tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, f"{TEXT}{line}\n")
    assert "hemligt" not in fault


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = 1\n\ntime = 08:00\n", "3: time: is no TOML: "),
        ("a = 1\na = 2\n", "2: a: is no TOML: Cannot overwrite a value"),
        ("[a]\n\n[a]\n", "3: is no TOML: "),
        ('a = """\nb\n', "2: is no TOML: "),
        ("", "1: public_url: is missing"),
        ("publishers = []", "1: publishers: there is none; add [[publishers]]"),
        ("[publishers]\nid = 1", "write [[publishers]]"),
        ("[[mail]]\n", "write [mail]"),
    ],
)
def test_a_file_that_is_no_toml_or_has_another_shape_is_told_so(text: str, said: str, tmp_path: Path) -> None:
    assert said in "\n".join(faults(tmp_path, text))


def test_a_file_in_another_encoding_is_told_its_first_wrong_line(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes("# a\n# Hälsa\n".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"config\.toml:2: is not UTF-8 here; save the file as UTF-8"):
        load(file)


def test_windows_line_ends_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    assert load(file).settings.language == "sv"


def test_a_missing_file_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="budkavle init"):
        load(tmp_path / "config.toml")


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path)


def test_every_shipped_set_of_rules_may_be_named_and_is_in_the_comments(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    for name in shipped_rule_sets():
        assert f'"{name}"' in TEXT
        file.write_text(TEXT.replace('rules = "optimizely"', f'rules = "{name}"'), encoding="utf-8")
        assert load(file).settings.sources[1].rules == name
