"""One file of TypeScript or JavaScript as the body of a JavaScript function."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from tree_sitter import Node

from callboard.sandbox.programs.typescript.annotations import erase_types
from callboard.sandbox.programs.typescript.edits import Edits, Ranges
from callboard.sandbox.programs.typescript.errors import LinkError
from callboard.sandbox.programs.typescript.modules import (
    Binding,
    Listed,
    Reference,
    list_modules,
)
from callboard.sandbox.programs.typescript.syntax import (
    Dialect,
    captures,
    encoded,
    line,
    parse,
    words,
)

_NAMES: Final = "[(identifier) (shorthand_property_identifier)] @name"
_META: Final = "(meta_property) @meta"
_REQUIRED: Final = """
((call_expression function: (identifier) @called arguments: (arguments . (string) @source))
 (#eq? @called "require"))
"""
_REFUSED: Final = "(decorator) @decorator [(internal_module) (module)] @namespace"
_REFUSED_TSX: Final = "[(jsx_element) (jsx_self_closing_element)] @jsx"
_UNREADABLE: Final = "[(ERROR) (MISSING)] @error"
_REFUSALS: Final = {
    "decorator": "decorators are not supported; write what they do",
    "namespace": "namespaces with values are not supported; use a file of its own, and import it",
    "jsx": "JSX is not supported; definitions are plain objects",
}
_ONLY_TYPES: Final = {
    ";",
    "ambient_declaration",
    "comment",
    "empty_statement",
    "interface_declaration",
    "type_alias_declaration",
}
_ESM_WORD: Final = re.compile(r"\b(?:import|export)\b")


@dataclass(frozen=True, slots=True)
class Erased:
    """A file without its types, imports and exports.

    `code` has the lines of the file. `exports` are names with expressions over it. `loads` is what has to
    have run before, in order. `again` are bindings that are exported without being bound (`*`: all).
    `requires` are the literal arguments of `require`. `is_module`: it has imports or exports, and is strict.
    """

    code: str
    bindings: tuple[Binding, ...]
    again: tuple[Binding, ...]
    exports: tuple[tuple[str, str], ...]
    loads: tuple[Reference, ...]
    bare: tuple[Reference, ...]
    requires: tuple[str, ...]
    is_module: bool


@lru_cache(maxsize=512)
def erase(text: str, dialect: Dialect) -> Erased:
    """Return a file as plain JavaScript and a list of what it imports and exports.

    Raises:
        LinkError: it cannot be read, or uses something that has no place in a definition; says the line.
    """
    source = encoded(text)
    root = parse(source, dialect)
    edits = Edits(source)
    if dialect != "js":
        erase_types(root, edits, dialect)
    listed = list_modules(root, edits) if _ESM_WORD.search(text) else Listed()
    if dialect != "js":
        _namespaces(root, edits, dialect)
        _refuse(root, edits.touched(), dialect)
    _replace_meta(root, edits, dialect)
    return _result(root, edits, listed, dialect)


def _result(root: Node, edits: Edits, listed: Listed, dialect: Dialect) -> Erased:
    used = _used(root, edits.touched(), listed, dialect)
    for alias, name in listed.aliases:
        if name in used:
            text = words(alias.named_children[1])
            edits.put(alias.start_byte, alias.end_byte, f"const {name} = {text};".encode())
            used.add(text.partition(".")[0])
    again, exports = _split_exports(listed)
    bindings = [one for one in listed.bindings if dialect == "js" or one.name in used]
    needed = {one.source for one in (*bindings, *again)} | set(listed.bare)
    return Erased(
        code=edits.render().decode("utf-8", "replace"),
        bindings=tuple(bindings),
        again=again,
        exports=exports,
        loads=tuple(dict.fromkeys(one for one in listed.order if one in needed)),
        bare=tuple(listed.bare),
        requires=_required(root, dialect) if b"require" in edits.source else (),
        is_module=listed.is_module,
    )


def _split_exports(listed: Listed) -> tuple[tuple[Binding, ...], tuple[tuple[str, str], ...]]:
    """Turn exports of imported names into what they are: bindings that are exported again."""
    imported = {one.name: one for one in listed.bindings}
    again, exports = list(listed.again), list(listed.exports)
    for name, own in listed.braced:
        origin = imported.get(own)
        if origin is not None:
            again.append(Binding(name, origin.source, origin.imported))
        else:  # perhaps a type, which is not there at run time
            exports.append((name, f'typeof {own} === "undefined" ? undefined : {own}'))
    return tuple(again), tuple(exports)


def _used(root: Node, gone: Ranges, listed: Listed, dialect: Dialect) -> set[str]:
    """Return the imported names that occur as values; an import of types only is no import."""
    wanted = {one.name.encode() for one in listed.bindings}
    wanted |= {name.encode() for _, name in listed.aliases}
    if not wanted or dialect == "js":
        return set()
    found = captures(root, dialect, _NAMES).get("name", ())
    names = {node.text for node in found if node.text in wanted and not gone.hold(node.start_byte)}
    exported = {own for _, own in (*listed.exports, *listed.braced)}
    return {name.decode() for name in names if name} | exported


def _required(root: Node, dialect: Dialect) -> tuple[str, ...]:
    found = captures(root, dialect, _REQUIRED).get("source", ())
    return tuple(dict.fromkeys(words(node)[1:-1] for node in found))


def _replace_meta(root: Node, edits: Edits, dialect: Dialect) -> None:
    if b"import.meta" not in edits.source:
        return
    for node in captures(root, dialect, _META).get("meta", ()):
        if node.text == b"import.meta":
            edits.put(node.start_byte, node.end_byte, b"__callboard.meta")


def _namespaces(root: Node, edits: Edits, dialect: Dialect) -> None:
    """Take out namespaces that hold types only."""
    if b"namespace" not in edits.source and b"module" not in edits.source:
        return
    for node in captures(root, dialect, _REFUSED).get("namespace", ()):
        if _holds_types_only(node):
            edits.blank(node.start_byte, node.end_byte, first=b";")


def _holds_types_only(namespace: Node) -> bool:
    todo = [namespace]
    while todo:
        body = todo.pop().child_by_field_name("body")
        for node in body.named_children if body is not None else ():
            inner = (
                node.named_children[-1] if node.type in _AROUND and node.named_children else node
            )
            if inner.type in {"internal_module", "module"}:
                todo.append(inner)
            elif inner.type not in _ONLY_TYPES:
                return False
    return True


_AROUND: Final = {"expression_statement", "export_statement"}


def _refuse(root: Node, gone: Ranges, dialect: Dialect) -> None:
    found = captures(root, dialect, _REFUSED)
    if dialect == "tsx":
        found |= captures(root, dialect, _REFUSED_TSX)
    if root.has_error:
        found |= captures(root, dialect, _UNREADABLE)
    for name, nodes in found.items():
        for node in nodes:
            if not gone.hold(node.start_byte):
                why = _REFUSALS.get(name) or f"cannot be read: {_glimpse(node)}"
                raise LinkError(f"line {line(node)}: {why}")


def _glimpse(node: Node) -> str:
    text = words(node).strip().partition("\n")[0]
    return f"{text[:40]!r} is not expected here" if text else f"{node.type} is missing"
