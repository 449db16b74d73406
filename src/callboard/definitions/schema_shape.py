"""What a JSON Schema costs to apply, before it is applied.

The validator is fast and bounded but for two things that hostile schemas use: references that fan out
(2 to the power of their number) and `unevaluated…` inside `unevaluated…`. So the shape of a schema is
checked once, and the number of steps is counted, with memory, before a value is checked.
"""

from collections.abc import Iterator
from typing import Final, cast
from urllib.parse import unquote

from callboard.definitions.findings import Path, dotted

_MAX_DEPTH: Final = 100
_MAX_NODES: Final = 20_000
_MAX_PAIRS: Final = 200_000
_MAX_STEPS: Final = 2_000_000

_DATA: Final = {"const", "default", "enum", "example", "examples"}
_REFUSED: Final = ("$dynamicRef", "$recursiveRef")
_LISTS: Final = ("allOf", "anyOf", "oneOf")
_SINGLES: Final = ("not", "if", "then", "else")
_MAPS: Final = ("dependentSchemas", "dependencies")
_OF_ITEMS: Final = ("items", "prefixItems", "additionalItems", "unevaluatedItems", "contains")
_OF_MEMBERS: Final = ("additionalProperties", "unevaluatedProperties", "propertyNames")
_AGAIN: Final = ("unevaluatedProperties", "unevaluatedItems")

Node = dict[str, object]


class TooCostly(Exception):
    """Applying the schema would take too long; the message says why."""


def shape_problem(schema: object) -> tuple[Path, str] | None:
    """Return the first thing in a schema that we do not apply, and where; None where all is well."""
    todo: list[tuple[object, Path]] = [(schema, ())]
    count = 0
    while todo:
        node, path = todo.pop()
        count += 1
        if len(path) > _MAX_DEPTH:
            return path[:6], "is nested too deeply"
        if count > _MAX_NODES:
            return (), "is too large"
        if isinstance(node, dict):
            members = cast("Node", node)
            problem = _keyword_problem(members, path)
            if problem:
                return path, problem
            todo += [(value, (*path, key)) for key, value in members.items() if key not in _DATA]
        elif isinstance(node, list):
            items = cast("list[object]", node)
            todo += [(item, (*path, index)) for index, item in enumerate(items)]
    return None


def _keyword_problem(node: Node, path: Path) -> str | None:
    ref = node.get("$ref")
    if isinstance(ref, str) and not ref.startswith("#"):
        return f"$ref {ref[:80]!r} leads out of the schema; only references that begin with # are allowed"
    if path and isinstance(node.get("$id"), str):
        return "$id is allowed at the top only"
    refused = next((name for name in _REFUSED if isinstance(node.get(name), str)), None)
    return f"{refused} is not supported; use $ref" if refused else None


class Cost:
    """Counts how many steps a schema takes on a value. Made once for a schema."""

    def __init__(self, root: object) -> None:
        """Prepare for a schema in which `shape_problem` found nothing.

        Raises:
            TooCostly: it refers to itself without going into the value, which would never end.
        """
        self._root = root
        self._anchors: dict[str, Node] = {}
        nodes = [cast("Node", node) for node in _walk(root) if isinstance(node, dict)]
        for node in nodes:
            for key in ("$anchor", "$id"):
                anchor = node.get(key)
                if isinstance(anchor, str):
                    self._anchors.setdefault(anchor.removeprefix("#"), node)
        self.matters = any("$ref" in node or any(key in node for key in _AGAIN) for node in nodes)
        done: set[int] = set()
        try:
            for node in nodes:
                self._refuse_cycles(node, set(), done)
        except RecursionError as error:
            raise TooCostly("its references are nested too deeply") from error

    def check(self, value: object) -> None:
        """Do nothing where the schema can be applied to a value in reasonable time.

        Raises:
            TooCostly: it cannot.
        """
        if not self.matters:
            return
        try:
            if self._steps(self._root, value, {}) > _MAX_STEPS:
                raise TooCostly("the schema branches too much to be applied to this value")
        except RecursionError as error:
            raise TooCostly("the schema or the value is nested too deeply") from error

    def _steps(self, schema: object, value: object, known: dict[tuple[int, int], int]) -> int:
        if not isinstance(schema, dict):
            return 1
        node = cast("Node", schema)
        pair = id(node), id(value)
        if pair not in known:
            if len(known) > _MAX_PAIRS:
                raise TooCostly("the value is too large for this schema")
            here = sum(self._steps(other, value, known) for other in self._here(node))
            below = sum(self._steps(other, part, known) for other, part in _below(node, value))
            known[pair] = 1 + below + here * (4 if any(key in node for key in _AGAIN) else 1)
        return known[pair]

    def _here(self, node: Node) -> Iterator[object]:
        """Return the subschemas that apply to the same value."""
        for key in _LISTS:
            yield from _listed(node.get(key))
        for key in _SINGLES:
            if key in node:
                yield node[key]
        for key in _MAPS:
            yield from _mapped(node.get(key)).values()
        ref = node.get("$ref")
        if isinstance(ref, str):
            yield self._target(ref)

    def _target(self, ref: str) -> object:
        pointer = unquote(ref[1:])
        if not pointer.startswith("/"):
            return self._anchors.get(pointer) if pointer else self._root
        here = self._root
        for part in pointer[1:].split("/"):
            name = part.replace("~1", "/").replace("~0", "~")
            if isinstance(here, dict):
                here = cast("Node", here).get(name)
            elif isinstance(here, list) and name.isdecimal():
                items = cast("list[object]", here)
                here = items[int(name)] if int(name) < len(items) else None
            else:
                return None
        return here

    def _refuse_cycles(self, node: object, above: set[int], done: set[int]) -> None:
        if not isinstance(node, dict) or id(cast("Node", node)) in done:
            return
        this = cast("Node", node)
        if id(this) in above:
            raise TooCostly("it refers to itself without going into the value")
        above.add(id(this))
        for other in self._here(this):
            self._refuse_cycles(other, above, done)
        above.discard(id(this))
        done.add(id(this))


def _below(node: Node, value: object) -> Iterator[tuple[object, object]]:
    """Return subschemas with the parts of the value that they may apply to."""
    if isinstance(value, list):
        items = cast("list[object]", value)
        for key in _OF_ITEMS:
            below = node.get(key)
            for schema in _listed(below) or [below]:
                yield from ((schema, item) for item in items)
    elif isinstance(value, dict):
        members = cast("Node", value)
        named = _mapped(node.get("properties"))
        yield from ((named[name], member) for name, member in members.items() if name in named)
        others = [
            *_mapped(node.get("patternProperties")).values(),
            *(node.get(k) for k in _OF_MEMBERS),
        ]
        yield from ((schema, member) for schema in others for member in members.values())


def _listed(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def _mapped(value: object) -> Node:
    return cast("Node", value) if isinstance(value, dict) else {}


def _walk(root: object) -> Iterator[object]:
    todo = [root]
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, dict):
            todo += [value for key, value in cast("Node", node).items() if key not in _DATA]
        elif isinstance(node, list):
            todo += cast("list[object]", node)


def described(path: Path, message: str) -> str:
    """Return a finding as one line."""
    return f"{dotted(path)}: {message}" if path else message
