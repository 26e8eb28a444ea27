"""An installation that belongs to an unprivileged user, as it must where Postfix's pipe runs our command."""

import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

from budkavle.config.load import load
from budkavle.installation.wiring import open_service
from mail.address import Address
from tests.budkavle.cli.test_bounce_command import configured
from tests.budkavle.postfix import OWNER
from tests.digest.relay import installed
from tests.installed import changed, free_port

AS_OWNER = {"user": OWNER, "group": "nogroup", "extra_groups": (), "cwd": "/"}
ARTICLE = "---\ntitle: Ny buss till Barrvik\npublished: 2026-03-10\n---\n\nBussen går varje timme.\n"


class Home:
    """An installation whose folder and commands are those of an unprivileged user, as a pipe must have it."""

    def __init__(self, folder: Path, program: Path) -> None:
        self.program, self.folder, self.config = program, folder / "home", folder / "home" / "config.toml"

    def install(self, port: int) -> None:
        installed(self.folder, port)
        configured(self.folder)
        self.config.write_text(changed(self.config.read_text(), listen=f"127.0.0.1:{free_port()}"))
        (self.folder / "newsroom" / "gemensamt").mkdir(parents=True)
        (self.folder / "newsroom" / "gemensamt" / "buss.md").write_text(ARTICLE)
        lines = (f"lasare{number}@example.net,webben 2026-02-01\n" for number in range(5))
        (self.folder / "lista.csv").write_text("address,consent\n" + "".join(lines))
        self.folder.chmod(0o700)
        self.own()

    def own(self) -> None:
        """Have everything belong to the user, also what a test has made."""
        for path in (self.folder, *self.folder.rglob("*")):
            shutil.chown(path, OWNER)

    def run(self, *words: str) -> None:
        done = subprocess.run(self._typed(*words), **AS_OWNER, capture_output=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr.decode()

    @contextmanager
    def daemon(self) -> Iterator[None]:
        with subprocess.Popen(self._typed("run"), **AS_OWNER, stderr=subprocess.DEVNULL) as running:
            try:
                yield
            finally:
                running.terminate()
        assert running.returncode == 0

    def _typed(self, *words: str) -> list[str | Path]:
        return [self.program, *words, "--config", self.config]

    def send_an_edition(self) -> None:
        self.run("subscribers", "import", str(self.folder / "lista.csv"))
        self.run("import", str(self.folder / "newsroom" / "gemensamt" / "buss.md"))
        self.run("digest", "send", "veckobrev", "--edition", f"{date.today()}")  # noqa: DTZ011 - as an operator types it

    def suppressed(self) -> list[str]:
        with open_service(load(self.config)) as service:
            everybody = (f"lasare{number}@example.net" for number in range(5))
            return [each for each in everybody if service.suppressions.find(Address(each))]

    def counted(self) -> list[str]:
        with closing(sqlite3.connect(self.folder / "var" / "budkavle.db")) as store:
            return [kind for (kind,) in store.execute("SELECT kind FROM bounces ORDER BY kind")]

    def kept(self) -> int:
        return len(list((self.folder / "var" / "bounces" / "unknown").iterdir()))


@contextmanager
def reachable() -> Iterator[Path]:
    """A folder that other users can look into, as pytest's own and the checkout may not be."""
    folder = Path(tempfile.mkdtemp(prefix="budkavle-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
