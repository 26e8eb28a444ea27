"""What is wrong with the settings of returned mail is said before anything is sent."""

from pathlib import Path

import pytest

from budkavle.checks.preflight import Reach, worries
from budkavle.config.faults import ConfigError
from budkavle.config.load import load

IMAP = '[bounces.imap]\nhost = "imap.example.org"\nuser = "studs"\npassword_file = "imap-password"\n'


def written(home: Path, bounces: str) -> Path:
    path = home / "config.toml"
    path.write_text(path.read_text().replace("[bounces]\n", bounces, 1))
    return path


@pytest.mark.parametrize(
    ("bounces", "said"),
    [
        (f'[bounces]\naddress = "{"s" * 28}@example.org"\n', "too long before its @"),
        ('[bounces]\naddress = "studs+a@example.org"\n', "without it"),
        (f"[bounces]\n{IMAP}", "no letter comes back there"),
        (f'[bounces]\naddress = "studs@example.org"\n{IMAP}tls = "none"\n', "would send the password unprotected"),
    ],
)
def test_settings_that_cannot_work_are_refused_with_a_remedy(bounces: str, said: str, home: Path) -> None:
    with pytest.raises(ConfigError, match=said):
        load(written(home, bounces))


def test_a_password_that_others_can_read_or_that_is_missing_is_told(home: Path) -> None:
    config = load(written(home, f'[bounces]\naddress = "studs@example.org"\n{IMAP}'))
    assert [one.key for one in worries(config, Reach.HERE)] == ["bounces.imap.password_file"]
    (home / "imap-password").write_text("hemligt\n")
    (home / "imap-password").chmod(0o644)
    assert ["can be read by others" in one.what for one in worries(config, Reach.HERE)] == [True]
    (home / "imap-password").chmod(0o600)
    assert worries(config, Reach.HERE) == ()


def test_the_shipped_configuration_sends_letters_as_before(home: Path) -> None:
    assert load(home / "config.toml").settings.bounces.address is None
