"""The shipped configuration, which makes a folder ready to run."""

import re
from collections.abc import Mapping
from pathlib import Path

_HERE = Path(__file__).parents[1]


def shipped_config() -> Path:
    """The complete, commented configuration: in the package when installed from a wheel, beside it in a checkout."""
    packaged = _HERE / "config.toml"
    return packaged if packaged.is_file() else _HERE.parent / "config.toml"


def write_config(folder: Path, changes: Mapping[str, str]) -> Path:
    """Write the shipped configuration into a folder, with the values of some settings changed."""
    text = shipped_config().read_text(encoding="utf-8")
    for setting, value in changes.items():
        text = re.sub(rf'^({setting} += )".*"$', rf'\1"{value}"', text, count=1, flags=re.MULTILINE)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path
