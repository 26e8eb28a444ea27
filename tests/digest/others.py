"""Messages of others that tests read: fetched once, known by their hash, and kept in the virtual environment."""

import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

_PINS = Path(__file__).parents[2] / "requirements" / "samples.txt"
_KEPT = Path(sys.prefix) / "samples"
_NAME = "flufl_bounce-6.0.0.tar.gz"
_FETCH = ("download", "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps", "--no-build-isolation")


def flufl_messages() -> Mapping[str, bytes]:
    """The returned messages that flufl.bounce is tested with, by file name: of thirty mail systems since 2000."""
    with tarfile.open(_package()) as package:
        found = {Path(one.name).name: package.extractfile(one) for one in package if "/tests/data/" in one.name}
        return {name: file.read() for name, file in found.items() if file and name.endswith(".txt")}


def _package() -> Path:
    kept = _KEPT / _NAME
    if not kept.exists():
        _KEPT.mkdir(exist_ok=True)
        with TemporaryDirectory(dir=_KEPT) as folder:
            command = [sys.executable, "-m", "pip", *_FETCH, "--no-binary", ":all:", "-r", str(_PINS), "-d", folder]
            subprocess.run(command, check=True)
            (Path(folder) / _NAME).replace(kept)
    return kept
