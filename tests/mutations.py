"""Mutation test of the rules: comparisons and boolean operators are turned around, and the tests must notice.

`python -m tests.mutations [NUMBER [SEED]]` draws so many places of all comparisons and boolean operators in modules
that touch no adapter, turns each around in a copy of the checkout, and runs the tests that import its module: those of
its name first, then the quick ones, then all. It names those that nothing noticed. `make mutations` runs it.
"""

import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

ROOT = Path(__file__).parents[1]
PACKAGES = ("articles", "feeds", "digest", "mail", "storage", "budkavle")
RULES = ("articles", "feeds", "digest", "mail")
SECONDS = 1800
"""How long one run of tests may take: a comparison that is turned around may never end a loop."""
TURNED: Mapping[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
}


@dataclass(frozen=True, order=True)
class Place:
    """One operator: `number` counts those of its file in the order in which they are walked."""

    file: str
    number: int
    line: int
    operator: str


def modules() -> Mapping[str, Path]:
    """Every module of ours and of the tests, by name."""
    files = [path for package in (*PACKAGES, "tests") for path in (ROOT / package).rglob("*.py")]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in files}


def imports(path: Path, names: Mapping[str, Path]) -> set[str]:
    """The modules of ours that a file imports."""
    imported = set[str]()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            imported |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
    return imported & names.keys()


def operators(tree: ast.AST) -> Iterator[tuple[ast.AST, str, int]]:
    """Each node that holds an operator, with the field and the index where it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            yield from ((node, "ops", index) for index, operator in enumerate(node.ops) if type(operator) in TURNED)
        elif isinstance(node, ast.BoolOp):
            yield node, "op", 0


def places() -> list[Place]:
    """All comparisons and boolean operators of the rules: of modules that import no adapter."""
    names, drawn = modules(), list[Place]()
    for name, path in sorted(names.items()):
        is_rule = name.startswith(tuple(f"{package}." for package in RULES)) and ".adapters" not in name
        if is_rule and not any(".adapters" in module for module in imports(path, names)):
            for number, (node, field, index) in enumerate(operators(ast.parse(path.read_text(encoding="utf-8")))):
                operator = node.ops[index] if field == "ops" else node.op  # type: ignore[attr-defined]
                line = node.lineno  # type: ignore[attr-defined]
                drawn.append(Place(str(path.relative_to(ROOT)), number, line, type(operator).__name__))
    return drawn


def turned(source: str, number: int) -> str:
    """The source with its operator of this number turned around."""
    tree = ast.parse(source)
    node, field, index = list(operators(tree))[number]
    if field == "ops":
        node.ops[index] = TURNED[type(node.ops[index])]()  # type: ignore[attr-defined]
    else:
        node.op = TURNED[type(node.op)]()  # type: ignore[attr-defined]
    return ast.unparse(tree)


def tests_by_distance(name: str) -> Sequence[Sequence[str]]:
    """The test files that import a module, by the number of imports between: the nearest first."""
    names = modules()
    importers = defaultdict[str, set[str]](set)
    for module, path in names.items():
        for imported in imports(path, names):
            importers[imported].add(module)
    distance, queue = {name: 0}, deque([name])
    while queue:
        module = queue.popleft()
        for importer in importers[module] - distance.keys():
            distance[importer] = distance[module] + 1
            queue.append(importer)
    rows = defaultdict[int, list[str]](list)
    for module, steps in distance.items():
        if module.startswith("tests.") and module.rpartition(".")[2].startswith("test_"):
            rows[steps].append(str(names[module].relative_to(ROOT)))
    return [sorted(rows[steps]) for steps in sorted(rows)]


def is_noticed(place: Place, checkout: Path) -> str:
    """What noticed the turned operator, in a checkout of its own; nothing when no test did."""
    file = checkout / place.file
    source = file.read_text(encoding="utf-8")
    file.write_text(turned(source, place.number), encoding="utf-8")
    every = [test for row in tests_by_distance(place.file.removesuffix(".py").replace("/", ".")) for test in row]
    namesakes = [test for test in every if Path(test).stem == f"test_{file.stem}"]
    try:
        for what, tests, words in (("its own", namesakes, []), ("quick", every, ["-m", "quick"]), ("all", every, [])):
            if tests and _fails([*words, *tests], checkout):
                return what
        return ""
    finally:
        file.write_text(source, encoding="utf-8")


def _fails(words: Sequence[str], checkout: Path) -> bool:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--no-header", *words]
    environment = os.environ | {"PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": ""}
    try:
        code = subprocess.run(
            command, cwd=checkout, env=environment, capture_output=True, check=False, timeout=SECONDS
        ).returncode
    except subprocess.TimeoutExpired:
        return True
    return code not in {0, 5}


def main(number: int = 200, seed: int = 14, at_once: int = 2) -> int:
    """Draw, turn and run; says how many were noticed, and names the others."""
    every = places()
    drawn = sorted(random.Random(seed).sample(every, min(number, len(every))))  # noqa: S311 - it draws places, no secrets
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(at_once) as threads:
        checkouts = Queue[Path]()
        for index in range(at_once):
            checkouts.put(_checkout(Path(folder, str(index))))

        def tried(place: Place) -> str:
            checkout = checkouts.get()
            try:
                noticed = is_noticed(place, checkout)
            finally:
                checkouts.put(checkout)
            print(f"{place.file}:{place.line} {place.operator}: {noticed or 'NOBODY'}", flush=True)  # noqa: T201
            return noticed

        outcomes = [*threads.map(tried, drawn)]
    missed = [place for place, noticed in zip(drawn, outcomes, strict=True) if not noticed]
    print(f"{len(drawn) - len(missed)} of {len(drawn)} noticed, of {len(every)} places; seed {seed}")  # noqa: T201
    for place in missed:
        print(f"  {place.file}:{place.line} {place.operator}")  # noqa: T201
    return len(missed)


def _checkout(folder: Path) -> Path:
    listed = ["git", "ls-files"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\n")
    for name in filter(None, names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    return folder


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])) > 0)
