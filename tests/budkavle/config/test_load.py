import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import time
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budkavle.config.faults import ConfigError
from budkavle.config.field_types import Listen, Mailbox
from budkavle.config.load import Config, load
from budkavle.config.settings import Settings
from budkavle.config.table import Table
from budkavle.installation.slices.articles import sources

SHIPPED = Path(__file__).parents[3] / "config.toml"
TEXT = SHIPPED.read_text(encoding="utf-8")
LINES = TEXT.splitlines()
SETTING = re.compile(r"(#?)([a-z_]+) = (.*)")
SET = [number for number, line in enumerate(LINES, 1) if re.match(r"[a-z_]+ = ", line)]

FIVE = """\
public_url = "https://nyheter.example.org/"
timezone = "Europe/Stokholm"        # 1: no such zone
[operator]
address = "drift@example.org"
[mail]
transprt = "maildir"                # 2: no such setting
[mail.smtp]
host = "smtp.example.org"
port = "25"                         # 3: a text
[[publishers]]
id = "lingonmark"
name = "Region Lingonmark"
url = "https://www.example.org/"
tag_authority = "example.org,2026"
[[feeds]]
slug = "alla"
title = "Alla"
[[feeds]]
slug = "hos-oss"
title = "Hos oss"
publishers = [
  "lingonmark",
  "lingonmrak",                     # 4: no such publisher
]
[[digests]]
name = "veckobrev"
title = "Veckans nyheter"
from = "nyheter@example.org"
every = "week"
weekday = "fredag"                  # 5: no such weekday
time = "08:00"
"""


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[[str], Config]:
    def loads(text: str) -> Config:
        (tmp_path / "config.toml").write_text(text, encoding="utf-8")
        return load(tmp_path / "config.toml")

    return loads


@pytest.fixture
def faults(loaded: Callable[[str], Config]) -> Callable[[str], list[str]]:
    """The faults of a text, each without the file's name."""

    def of(text: str) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            loaded(text)
        return [str(fault).removeprefix(fault.file) for fault in caught.value.faults]

    return of


def changed(old: str, new: str) -> str:
    assert TEXT.count(old) >= 1
    return TEXT.replace(old, new, 1)


def test_the_shipped_configuration_loads_as_it_stands() -> None:
    config = load(SHIPPED)
    assert config.settings.public_url == "http://127.0.0.1:8090/"
    assert config.settings.web.listen == Listen(host="127.0.0.1", port=8090)
    assert config.settings.timezone.key == "Europe/Stockholm"


def test_the_shipped_digest_goes_out_on_fridays_at_eight() -> None:
    (digest,) = load(SHIPPED).settings.digests
    assert (digest.name, digest.every, digest.weekday, digest.time) == ("veckobrev", "week", "friday", time(8))
    assert digest.from_ == Mailbox(name="Nyheter i Lingonmark", address="nyheter@example.org")
    assert digest.items == 30


def test_paths_start_at_the_folder_of_the_file(loaded: Callable[[str], Config], tmp_path: Path) -> None:
    config = loaded(TEXT)
    assert config.store_path == tmp_path / "var/budkavle.db"
    assert config.store_url == f"sqlite:///{tmp_path}/var/budkavle.db"
    assert config.publish_folder == tmp_path / "var/public"
    assert config.outbox == tmp_path / "var/outbox"
    assert sources(config)[0].folder == tmp_path / "newsroom/lingonmark"
    assert config.password_file is None


def test_an_absolute_store_stays_where_it_is(loaded: Callable[[str], Config]) -> None:
    assert loaded(changed("sqlite:///var/", "sqlite:////srv/")).store_path == Path("/srv/budkavle.db")


def test_the_password_file_lies_beside_the_configuration(loaded: Callable[[str], Config], tmp_path: Path) -> None:
    text = changed('tls = "none"', 'tls = "starttls"')
    text = text.replace("#user", "user", 1).replace("#password_file", "password_file", 1)
    assert loaded(text).password_file == tmp_path / "var/smtp-password"


def test_the_packages_receive_plain_values() -> None:
    config = load(SHIPPED)
    assert [publisher.name for publisher in config.publishers().values()] == ["Region Lingonmark", "Barrviks kommun"]
    assert [topic.id for topic in config.topics()] == ["vard", "kollektivtrafik", "kultur", "ekonomi", "miljo", "skola"]
    assert [own.source.rules for own in sources(config)] == ["sitevision", "optimizely", None]


def test_a_publisher_and_its_sources_write_in_its_own_language(loaded: Callable[[str], Config]) -> None:
    config = loaded(changed('#language = "sv"', 'language = "en"'))
    assert [publisher.language for publisher in config.publishers().values()] == ["en", "sv"]
    assert [own.source.language for own in sources(config)] == ["en", "sv", "en"]


def test_five_faults_give_five_lines_with_their_line_numbers(faults: Callable[[str], list[str]]) -> None:
    assert faults(FIVE) == [
        ':2: timezone: "Europe/Stokholm" is no time zone; write "Europe/Stockholm"',
        ":6: mail.transprt: there is no such setting; did you mean transport?",
        ':9: mail.smtp.port: "25" is no whole number; write digits without quotes, such as 30',
        ':23: feeds.publishers: "lingonmrak" is no publisher; did you mean "lingonmark"?',
        ':30: digests.weekday: "fredag" is not allowed; write "friday"',
    ]


@given(
    number=st.sampled_from(SET),
    wrong=st.sampled_from(["{ x = 1 }", "[[1]]", "1979-05-27", "-0.5", "true", '"\\u0007"', '""', '[""]']),
)
def test_a_broken_line_gives_a_fault_of_exactly_that_line(
    number: int, wrong: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    name = LINES[number - 1].partition(" = ")[0]
    file = tmp_path_factory.getbasetemp() / "broken.toml"
    broken = "\n".join([*LINES[: number - 1], f"{name} = {wrong}", *LINES[number:]])
    file.write_text(broken, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert {fault.line for fault in caught.value.faults} == {number}


@given(number=st.sampled_from(SET))
def test_a_misspelt_key_gives_one_fault_that_names_the_right_one(
    number: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    name = LINES[number - 1].partition(" = ")[0]
    file = tmp_path_factory.getbasetemp() / "misspelt.toml"
    file.write_text("\n".join([*LINES[: number - 1], f"x{LINES[number - 1]}", *LINES[number:]]), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert (number, f"did you mean {name}?") in {(fault.line, fault.remedy) for fault in caught.value.faults}


@given(text=st.text(alphabet='abc_.="[]{}#\n1, \r\t\\') | st.text())
def test_any_text_is_a_configuration_or_has_faults(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.getbasetemp() / "any.toml"
    file.write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert caught.value.faults


def named(table: type[Table], path: str = "") -> Iterator[tuple[str, str]]:
    """Every setting of a table and those in it: the header it stands under, and its name."""
    for name, field in table.model_fields.items():
        inner = [leaf for leaf in (field.annotation, *get_args(field.annotation)) if isinstance(leaf, type)]
        tables = [leaf for leaf in inner if issubclass(leaf, Table)]
        for one in tables:
            yield from named(one, f"{path}.{name}".strip("."))
        if not tables:
            yield path, field.alias or name


def test_every_setting_there_is_stands_in_the_shipped_configuration() -> None:
    header, written = "", set()
    for line in LINES:
        if match := re.fullmatch(r"#?\[+([a-z.]+)\]+", line):
            header = match[1]
        elif match := SETTING.fullmatch(line):
            written.add((header, match[2]))
    assert written == set(named(Settings))


def test_the_defaults_named_in_comments_are_the_defaults(loaded: Callable[[str], Config]) -> None:
    optional = {"size": "50", "publishers": "[]", "topics": "[]"}
    lines = [match for line in LINES if (match := SETTING.fullmatch(line)) and match[1]]
    assert {match[2]: match[3] for match in lines if match[2] in optional} == optional
    text = re.sub(r"^#(size|publishers|topics) ", r"\1 ", TEXT, flags=re.MULTILINE)
    assert loaded(text).settings == loaded(TEXT).settings


def test_the_least_that_is_needed_is_little(loaded: Callable[[str], Config]) -> None:
    least = FIVE.partition("[mail]")[0].replace("Stokholm", "Stockholm")
    publisher = FIVE.partition("[[publishers]]")[2].partition("[[feeds]]")[0]
    assert loaded(f"{least}[[publishers]]{publisher}").settings.store.url == "sqlite:///var/budkavle.db"


@pytest.mark.parametrize("module", ["budkavle.cli.main", "budkavle.cli.status", "budkavle.cli.feeds"])
def test_commands_do_not_import_what_only_the_daemon_fetches_with(module: str) -> None:
    code = f"import sys, {module}; sys.exit('httpx2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_reading_the_configuration_does_not_import_what_checks_addresses() -> None:
    code = "import sys, budkavle.config.load; sys.exit('email_validator' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
