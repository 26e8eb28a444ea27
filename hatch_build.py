"""What a build adds to the files: the commit it is made of, and in a wheel the manual page and shell completion."""

import json
import runpy
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_SHELLS = {
    "bash": "share/bash-completion/completions/budkavle",
    "zsh": "share/zsh/site-functions/_budkavle",
    "fish": "share/fish/vendor_completions.d/budkavle.fish",
}


class BuildHook(BuildHookInterface):
    """Run by hatchling for the wheel and the sdist; an editable installation looks into its checkout itself."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the files and name them to the builder."""
        if version == "editable":
            return
        self._made = tempfile.TemporaryDirectory()
        self._add_commit(build_data["force_include"])
        if self.target_name == "wheel":
            self._add_manual_and_completion(build_data["shared_data"])

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - hatchling's own
        """Drop the files: they are in the artifact now."""
        if version != "editable":
            self._made.cleanup()

    def _add_commit(self, into: dict[str, str]) -> None:
        rules = runpy.run_path(str(Path(self.root, "budkavle", "installation", "version.py")))
        commit = rules["commit_of"](Path(self.root))
        if commit and not Path(self.root, "budkavle", rules["NAME"]).exists():
            into[self._file(rules["NAME"], json.dumps({"commit": commit}))] = f"budkavle/{rules['NAME']}"

    def _add_manual_and_completion(self, into: dict[str, str]) -> None:
        sys.path.insert(0, self.root)
        from budkavle.cli.main import app  # noqa: PLC0415 - what it needs is there once a build begins
        from budkavle.cli.manual import manual  # noqa: PLC0415 - as above

        into[self._file("budkavle.1", manual(app, self.metadata.version))] = "share/man/man1/budkavle.1"
        for shell, place in _SHELLS.items():
            into[self._file(shell, app.generate_completion(prog_name="budkavle", shell=shell))] = place

    def _file(self, name: str, text: str) -> str:
        path = Path(self._made.name, name)
        path.write_text(text, encoding="utf-8")
        return str(path)
