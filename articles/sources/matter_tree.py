"""YAML parsing with limits: a front matter is walked once, no deeper and no wider than people write one.

An alias (`*name`) repeats what an anchor holds, and aliases of aliases make years of work of four hundred bytes.
"""

import yaml

MOST_SIGNS = 50_000
_MOST_NODES = 5_000
"""Each value, key, list and item is one: two hundred related texts with three keys each are some 1 500."""
_MOST_DEPTH = 10
"""The keys of an article need four: the file, its contacts, a contact, their phones."""


class MatterLimitError(ValueError):
    """A front matter is larger than any person's: `line` counts from 1 in the YAML, where it is known."""

    def __init__(self, reason: str, line: int | None) -> None:
        super().__init__(reason)
        self.line = line


def load(declared: str) -> tuple[yaml.Node | None, object]:
    """The tree of a YAML document, and its value. Raises yaml.YAMLError, ValueError, and MatterLimitError among them.

    The steps are no more than some for each character and each node.
    """
    if len(declared) > MOST_SIGNS:
        why = f"{len(declared)} characters are more than {MOST_SIGNS}: the text belongs below the closing ---"
        raise MatterLimitError(why, None)
    loader = _Loader(declared)
    try:
        root = loader.get_single_node()
        return root, None if root is None else loader.construct_document(root)
    finally:
        loader.dispose()


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, counting."""

    def __init__(self, declared: str) -> None:
        super().__init__(declared)
        self._nodes = self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """The next node. Raises MatterLimitError."""
        if self.check_event(yaml.AliasEvent):
            self._refuse("a value that begins with * stands for another one in YAML; write it out, or put it in quotes")
        self._nodes += 1
        self._depth += 1
        if self._nodes > _MOST_NODES:
            self._refuse(f"more than {_MOST_NODES} values; take away what is not about this article")
        if self._depth > _MOST_DEPTH:
            self._refuse(f"lists and keys lie more than {_MOST_DEPTH} deep; write them one below the other")
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> object:  # noqa: FBT001, FBT002 - PyYAML's
        """The value of a node. Raises yaml.YAMLError, also where PyYAML stumbles over a value that its tag cannot have.

        So it does over `!!int ""`, `!!bool maybe`, `!!timestamp soon`, and a number of base 60 that no float holds.
        """
        try:
            value: object = super().construct_object(node, deep)
        except (ArithmeticError, AttributeError, LookupError) as error:
            why = f"this value is no {node.tag.rpartition(':')[2]}"
            raise yaml.constructor.ConstructorError(None, None, why, node.start_mark) from error
        return value

    def _refuse(self, why: str) -> None:
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        raise MatterLimitError(why, mark.line + 1 if mark else None)
