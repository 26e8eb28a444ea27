"""`budkavle check`: every fault of this machine at once, each with its place and remedy, and nothing is changed."""

import gc
import re
import shutil
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from email.errors import MissingHeaderBodySeparatorDefect
from email.feedparser import FeedParser
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from budkavle.checks.preflight import Reach, worries
from budkavle.checks.relay import Trial, relay_findings
from budkavle.checks.samples import samples
from budkavle.checks.templates import template_faults
from budkavle.config.faults import Finding
from budkavle.config.load import load
from budkavle.config.settings import Smtp
from budkavle.rendering.templates import built_in_templates, environment, template_names
from mail.adapters.smtp_login import Login
from storage.database import knows_revision
from tests.digest.relay import HANG_UP, SILENCE, ScriptedRelay, certificate, server_tls
from tests.installed import Outcome, budkavle, changed

PASSWORD = "hemligt"  # noqa: S105 - it opens nothing
LOGIN = {"user": "budkavle", "password_file": "password"}
LONG = "\x1b[2J" + "x" * 9000


def check(home: Path, *words: str) -> Outcome:
    return budkavle("check", *words, folder=home)


def line_of(home: Path, setting: str) -> int:
    text = (home / "config.toml").read_text(encoding="utf-8")
    return text[: text.index(f"\n{setting} = ")].count("\n") + 2


def own_template(home: Path, name: str, text: str | bytes) -> Path:
    path = home / "templates" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def built_in(name: str) -> str:
    return (built_in_templates() / name).read_text(encoding="utf-8")


def test_a_folder_as_it_is_made_is_in_order_and_stays_as_it_is(home: Path) -> None:
    before = sorted(home.rglob("*"))
    done = check(home)
    assert (done.code, done.out) == (0, "config.toml: in order\n")
    assert sorted(home.rglob("*")) == before


def test_own_templates_that_are_like_the_built_in_ones_are_in_order(home: Path) -> None:
    shutil.copytree(built_in_templates(), home / "templates")
    assert check(home).code == 0


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("letters/editon.html", lambda text: text, ": there is no template of this name; did you mean letters/edition"),
        ("logo.svg", lambda text: text, ": there is no template of this name; remove it; there are feeds/article.html"),
        ("letters/edition.txt", lambda text: f"{{# #}}\n{{% if %}}{text}", ":2: Expected an expression"),
        ("letters/edition.txt", lambda text: f"\n{{{{ 1 | wraped }}}}{text}", ":2: No filter named 'wraped'; compare"),
        (
            "letters/edition.txt",
            lambda text: f"{{{{ masthed.title }}}}{text}",
            ":1: nothing is called masthed here; ",
        ),
        (
            "letters/edition.txt",
            lambda text: f"{{{{ masthead.titel }}}}{text}",
            ":1: 'digest.letters.values.Masthead",
        ),
        ("letters/counted.txt", lambda text: f"{text}{{{{ 1 // 0 }}}}", "ZeroDivisionError"),
        ("letters/edition.txt", lambda text: text + "\n\udce5", "is not UTF-8 here; save the file as UTF-8"),
        ("letters/edition.txt", lambda text: text.replace("{{ leave_url }}", ""), "nobody could leave"),
        ("letters/edition.html", lambda text: text.replace("{{ leave_url }}", ""), "nobody could leave"),
        (
            "letters/edition.txt",
            lambda text: text.replace("{{ choices_url }}", ""),
            "nobody could change what they get",
        ),
        ("letters/edition.html", lambda text: text.replace("{{ choices_url }}", ""), "nobody could change what they"),
        ("letters/edition.html", lambda text: '{% include "pages/style.css" %}' + text, "pages/style.css"),
        ("pages/leave.html", lambda text: text.replace("post", "get"), "nobody could leave"),
        ("pages/edition.html", lambda text: text.replace("edition.label", "edition.lable"), "has no attribute 'lable'"),
        ("pages/layout.html", lambda text: f"{text}{{{{ sajt }}}}", ": nothing is called sajt here"),
        ("feeds/title.txt", lambda text: text.replace("{{ title }}", "{{ titel }}"), "nothing is called titel here"),
        (
            "letters/edition.txt",
            lambda text: f'{text}{{% if language == "en" %}}{{{{ masthead.titel }}}}{{% endif %}}',
            "has no attribute 'titel'",
        ),
    ],
)
def test_a_faulty_template_is_told_with_its_file_and_line(
    name: str, change: Callable[[str], str], said: str, home: Path
) -> None:
    text = built_in(name) if name in template_names() else "x"
    path = own_template(home, name, change(text).encode(errors="surrogateescape"))
    (fault,) = {str(fault) for fault in template_faults(load(home / "config.toml"))}
    assert str(path) in fault
    assert said in fault


def test_every_template_is_filled_with_sample_values() -> None:
    stockholm = ZoneInfo("Europe/Stockholm")
    for language in ("sv", "en"):
        templates = environment(language, stockholm)
        for sample in samples(language, stockholm):
            templates.get_template(sample.name).render(sample.values)
        # What others include is filled with them; a style sheet of pages is served as it is.
        assert {name for _, name in templates.cache} == {*template_names()} - {"pages/style.css"}


def test_a_faulty_template_needs_a_person(home: Path) -> None:
    path = own_template(home, "letters/edition.txt", "{{ masthead.titel }}{{ leave_url }}")
    done = check(home)
    assert (done.code, done.out.count("\n")) == (1, 1)
    assert done.out.startswith(f"{path}:1: ")


def test_what_editors_leave_beside_a_template_is_no_template(home: Path) -> None:
    for name in ("letters/edition.html~", "letters/.edition.html.swp", ".DS_Store"):
        own_template(home, name, "x")
    assert check(home).code == 0


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.write_bytes(b"not a database" * 100), "file is not a database; name another file"),
        (lambda path: path.mkdir(), "is a folder, not a store; name a file in store.url"),
    ],
)
def test_a_store_that_is_none_is_told_with_its_line(home: Path, spoil: Callable[[Path], object], said: str) -> None:
    (home / "var").mkdir()
    spoil(home / "var" / "budkavle.db")
    done = check(home)
    assert done.code == 1
    assert done.out.startswith(f"config.toml:{line_of(home, 'url')}: store.url: ")
    assert said in done.out


@pytest.fixture
def store(home: Path) -> Iterator[sqlite3.Connection]:
    """The home's store, made and in order, opened by somebody else."""
    budkavle("import", folder=home)
    with closing(sqlite3.connect(home / "var" / "budkavle.db", isolation_level=None)) as opened:
        yield opened


def test_the_store_of_a_newer_version_is_told(home: Path, store: sqlite3.Connection) -> None:
    assert check(home).code == 0
    store.execute("UPDATE alembic_version SET version_num = '9999'")
    assert not knows_revision("9999")
    done = check(home)
    assert done.code == 1
    assert "install the version of Budkavle that made it" in done.out


def test_a_store_that_somebody_else_writes_to_is_looked_at_all_the_same(home: Path, store: sqlite3.Connection) -> None:
    store.execute("BEGIN IMMEDIATE")
    assert check(home).code == 0


def test_a_store_that_somebody_else_holds_is_told_and_to_be_tried_again(
    home: Path, store: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.database._BUSY_MS", 50)
    store.execute("PRAGMA locking_mode=EXCLUSIVE")
    store.execute("PRAGMA journal_mode=DELETE")
    store.execute("BEGIN EXCLUSIVE")
    done = check(home)
    assert done.code == 75
    assert "database is locked; another process holds it" in done.out


def test_a_damaged_store_is_told(home: Path, store: sqlite3.Connection) -> None:
    store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    page_size = store.execute("PRAGMA page_size").fetchone()[0]
    (root,) = store.execute("SELECT rootpage FROM sqlite_master WHERE name = 'deliveries'").fetchone()
    store.close()
    with (home / "var" / "budkavle.db").open("r+b") as file:
        file.seek((root - 1) * page_size)
        file.write(b"\xff" * page_size)
    done = check(home)
    assert done.code == 1
    assert "put a backup in its place" in done.out


@pytest.mark.parametrize(
    ("setting", "path"), [("mail.path", "var/outbox"), ("publish.target", "var/public"), ("store.url", "var")]
)
def test_a_place_that_cannot_be_written_to_is_told(setting: str, path: str, home: Path) -> None:
    blocked = home / path
    blocked.parent.mkdir(exist_ok=True)
    blocked.write_text("a file where a folder should be", encoding="utf-8")
    done = check(home)
    assert done.code == 1
    assert f"{setting}: {blocked} cannot be written to; let this user write there" in done.out


def with_relay(home: Path, port: int) -> None:
    """Let the home send to a relay on this port."""
    path = home / "config.toml"
    text = changed(path.read_text(encoding="utf-8"), transport="smtp").replace("port = 25", f"port = {port}")
    path.write_text(text, encoding="utf-8")


def test_all_faults_come_at_once_in_the_order_of_their_lines(home: Path) -> None:
    with_relay(home, 1)
    (home / "newsroom" / "barrvik").rmdir()
    own_template(home, "pages/left.htm", "x")
    (home / "var").write_text("", encoding="utf-8")
    done = check(home)
    assert done.code == 1
    *placed, last = done.out.splitlines()
    keys = [line.split(": ")[1] for line in placed]
    assert keys == ["store.url", "publish.target", "mail.smtp.host", "sources.path"]
    assert "did you mean pages/left.html?" in last


def test_a_relay_that_answers_is_in_order_and_is_given_no_letter(home: Path) -> None:
    with ScriptedRelay() as relay:
        with_relay(home, relay.port)
        assert check(home).code == 0
    assert relay.verbs() == ["EHLO", "MAIL", "RSET", "QUIT"]


def test_a_relay_that_refuses_the_tagged_sender_is_told_with_the_setting() -> None:
    said = "550 5.7.60 studs+0.0-0123@example.org: not allowed to send as this"
    with ScriptedRelay({"mail": [said]}) as relay:
        fault = found(relay)
    assert fault
    assert fault.place == ("bounces", "address")
    assert "5.7.60" in fault.what
    assert "@" not in fault.what
    assert any("+" in line for _, line in relay.heard if line.startswith("MAIL"))


def test_a_file_of_certificates_that_is_none_is_told_with_its_line(home: Path) -> None:
    with ScriptedRelay() as relay:
        with_relay(home, relay.port)
        config = home / "config.toml"
        config.write_text(config.read_text().replace("[mail.smtp]\n", '[mail.smtp]\nca_file = "ca.pem"\n'))
        assert "ca.pem" in check(home).out
        (home / "ca.pem").write_text("no certificate")
        told = check(home)
    assert told.code == 1
    assert "PEM" in told.out
    assert relay.connections() == 0


def test_offline_leaves_the_relay_in_peace(home: Path) -> None:
    with ScriptedRelay({"connect": ["554 no"]}) as relay:
        with_relay(home, relay.port)
        assert check(home).code == 1
        assert check(home, "--offline").code == 0
        assert relay.connections() == 1


@pytest.fixture(scope="module")
def localhost_pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("localhost"))


SENDER = "studs+0.0-0123456789abcdef@example.org"


def found(relay: ScriptedRelay, **changes: object) -> Finding | None:
    """What is found of a relay on this machine."""
    settings = {"host": "localhost", "port": relay.port, "tls": "none"} | changes
    login = Login(user=str(changes["user"]), password=PASSWORD) if "user" in changes else None
    return next(relay_findings(Smtp.model_validate(settings), Trial(login=login, sender=SENDER)), None)


def test_a_login_over_tls_is_tried_and_ended_politely(localhost_pem: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(localhost_pem))
    with ScriptedRelay(tls=server_tls(localhost_pem)) as relay:
        assert found(relay, tls="starttls", **LOGIN) is None
    assert relay.verbs() == ["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RSET", "QUIT"]
    with ScriptedRelay(tls=server_tls(localhost_pem), implicit=True) as relay:
        assert found(relay, tls="implicit", **LOGIN) is None


def test_a_wrong_password_is_told_in_the_relays_words_and_without_the_password(
    localhost_pem: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(localhost_pem))
    says = f"535 5.7.8 no {PASSWORD} for budkavle@example.org"
    with ScriptedRelay({"auth": [says] * 9}, tls=server_tls(localhost_pem)) as relay:
        fault = found(relay, tls="starttls", **LOGIN)
    assert fault is not None
    assert (fault.place, fault.what) == (("mail", "smtp", "user"), "the relay said: 535 5.7.8 no … for …")
    assert "password_file" in fault.remedy


def test_a_refused_login_over_tls_leaves_no_connection_behind(
    localhost_pem: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(localhost_pem))
    left: list[object] = []
    monkeypatch.setattr("sys.unraisablehook", lambda each: left.append(each.exc_value))
    for _ in range(30):  # about one in ten was left when its loop ended before the relay's goodbye
        with ScriptedRelay({"auth": ["535 5.7.8 no"] * 9}, tls=server_tls(localhost_pem), implicit=True) as relay:
            assert found(relay, tls="implicit", **LOGIN)
        gc.collect()
    assert left == []


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_certificate_that_nobody_vouches_for_is_told(tls: str, localhost_pem: Path) -> None:
    with ScriptedRelay(tls=server_tls(localhost_pem), implicit=tls == "implicit") as relay:
        fault = found(relay, tls=tls)
    assert fault is not None
    assert fault.place[-1] == "host"
    assert fault.what.startswith("the relay's certificate is not trusted: self")


def test_a_certificate_of_another_name_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pem = certificate(tmp_path, "relay.test")
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with ScriptedRelay(tls=server_tls(pem)) as relay:
        fault = found(relay, tls="starttls")
    assert fault is not None
    assert "certificate is not valid for 'localhost'" in fault.what


@pytest.mark.parametrize(
    ("script", "changes", "setting", "what"),
    [
        ({"connect": ["554 5.7.1 go away\r"]}, {}, "host", "the relay said: 554 5.7.1 go away"),
        ({"connect": [HANG_UP]}, {}, "host", "connecting: "),
        ({"ehlo": [HANG_UP]}, {}, "host", "connecting: the relay hung up"),
        ({}, {"tls": "starttls"}, "tls", "STARTTLS: SMTP STARTTLS extension not supported by server."),
        (
            {"ehlo": ["250 \x1b[2Jrelay" + "x" * 9000] * 2, "connect": ["421 \x1b[2J" + "x" * 9000]},
            {},
            "host",
            "the relay s",
        ),
    ],
)
def test_a_relay_that_will_not_have_us_is_told_with_the_setting_to_mend(
    script: dict[str, list[str]], changes: dict[str, str], setting: str, what: str
) -> None:
    with ScriptedRelay(script) as relay:
        fault = found(relay, **changes)
    assert fault is not None
    assert fault.place == ("mail", "smtp", setting)
    assert fault.what.startswith(what)
    assert fault.what.isprintable()
    assert len(fault.what) < 300


def test_a_port_that_does_not_begin_with_tls_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def greet() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.sendall(b"220 relay.test ESMTP\r\n")
                connection.recv(1000)

        relay = threading.Thread(target=greet)
        relay.start()
        settings = {"host": "127.0.0.1", "port": listening.getsockname()[1], "tls": "implicit"}
        (fault,) = relay_findings(Smtp.model_validate(settings), Trial())
        relay.join()
    assert (fault.place[-1], fault.what) == ("tls", "connecting: TLS failed: WRONG_VERSION_NUMBER")
    assert 'wants tls = "starttls"' in fault.remedy


def test_a_silent_relay_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("budkavle.checks.relay.SECONDS", 0.2)
    with ScriptedRelay({"connect": [SILENCE]}) as relay:
        fault = found(relay)
    assert fault is not None
    assert "no answer within" in fault.what or "Timed out" in fault.what


def test_nobody_at_the_port_is_told(home: Path) -> None:
    with ScriptedRelay() as relay:
        port = relay.port
    with_relay(home, port)
    done = check(home)
    assert done.code == 1
    assert f"config.toml:{line_of(home, 'host')}: mail.smtp.host: connecting: " in done.out
    assert "start the relay" in done.out


def test_a_password_that_others_can_read_is_told(home: Path) -> None:
    path = home / "config.toml"
    text = path.read_text(encoding="utf-8").replace("#user", "user", 1).replace("#password_file", "password_file", 1)
    path.write_text(text.replace('tls = "none"', 'tls = "starttls"'), encoding="utf-8")
    secret = home / "var" / "smtp-password"
    assert "holds no password" in check(home).out
    secret.parent.mkdir()
    secret.write_text(PASSWORD, encoding="utf-8")
    secret.chmod(0o640)
    done = check(home)
    assert f"{secret} can be read by others; chmod 600 {secret}" in done.out
    assert PASSWORD not in done.out + done.err
    secret.chmod(0o600)
    assert check(home).code == 0


def test_a_sender_of_another_domain_is_a_note(home: Path) -> None:
    path = home / "config.toml"
    path.write_text(changed(path.read_text(encoding="utf-8"), public_url="https://nyheter.example.test/"))
    done = check(home)
    assert (done.code, done.out) == (0, "config.toml: in order\n")
    line = line_of(home, "from")
    assert f"note: config.toml:{line}: digests.from: letters come from example.org, and their links lead to" in done.err


def test_an_imprint_that_is_missing_is_a_note(home: Path) -> None:
    path = home / "config.toml"
    text = path.read_text(encoding="utf-8")
    assert "imprint" not in check(home).err
    path.write_text(re.sub(r'^(postal|address = "redaktionen).*', "", text, flags=re.MULTILINE), encoding="utf-8")
    done = check(home)
    assert (done.code, done.out) == (0, "config.toml: in order\n")
    assert "imprint: no letter says where its sender can be found" in done.err.replace("imprint.postal", "imprint")
    assert "digests: its letters name no way to a person" in done.err.replace("digests[0]", "digests")


def test_a_letter_that_this_python_cannot_make_is_told_before_anybody_waits_for_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    close = FeedParser.close

    def misread(parser: "FeedParser[EmailMessage]") -> EmailMessage:
        message = close(parser)
        message.defects.append(MissingHeaderBodySeparatorDefect())
        return message

    monkeypatch.setattr(FeedParser, "close", misread)
    told = [str(worry) for worry in worries(load(home / "config.toml"), Reach.HERE)]
    assert [line.partition(": no letter can be made")[0].rpartition(" ")[2] for line in told] == [
        "operator.address",
        "mail.confirmations_from",
        "digests.from",
    ]
    assert f"config.toml:{line_of(home, 'from')}: " in told[-1]
