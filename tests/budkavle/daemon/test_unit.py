"""The unit file for systemd, as systemd itself judges it."""

import re
import shutil
import subprocess
from pathlib import Path

from budkavle.daemon.daemon import STOP_SECONDS
from tests.installed import COMMAND

UNIT = Path(__file__).parents[3] / "docs" / "systemd" / "budkavle.service"
EXPOSED_AT_MOST = 2.5


def analyzed(*words: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("systemd-analyze")
    assert program, "systemd-analyze is missing: run tests/packages.sh"
    return subprocess.run([program, *words], capture_output=True, text=True, check=False)


def test_the_unit_is_hardly_exposed() -> None:
    done = analyzed("security", "--offline=true", "--no-pager", str(UNIT))
    found = re.search(r"Overall exposure level for budkavle\.service: ([\d.]+)", done.stdout)
    assert found, done.stderr
    assert float(found[1]) <= EXPOSED_AT_MOST


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    unit = tmp_path / "budkavle.service"
    text = UNIT.read_text(encoding="utf-8")
    examples = re.sub(r"^#([A-Z]\w+=)", r"\1", text, flags=re.MULTILINE)
    assert "\nLoadCredential=" in examples
    unit.write_text(re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={COMMAND}", examples), encoding="utf-8")
    done = analyzed("verify", "--man=no", str(unit))
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_waits_longer_for_a_stop_than_a_stop_takes() -> None:
    (seconds,) = re.findall(r"^TimeoutStopSec=(\d+)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    assert int(seconds) > STOP_SECONDS
