"""Enums as the objects that they are at run time."""

import json
import re
from typing import Final

from tree_sitter import Node

from callboard.sandbox.programs.typescript.edits import Edits
from callboard.sandbox.programs.typescript.syntax import words

_WORD: Final = re.compile(r"[A-Za-z_$][\w$]*")
_NUMBER: Final = re.compile(r"-?\d+")


def enum_text(node: Node, edits: Edits) -> bytes:
    """Return the statements of an enum declaration, on as many lines as it has.

    Members name one another without the enum's name, so those that are named become constants.
    """
    name = words(node.child_by_field_name("name") or node)
    body = node.child_by_field_name("body")
    members = [child for child in body.named_children if child.type != "comment"] if body else []
    values = [_value(member, edits) for member in members]
    named = {word for value in values if value for word in _WORD.findall(value)}
    out = [f"var {name};(function ({name}) {{"]
    row = node.start_point[0]
    before: str | None = None
    for member, value in zip(members, values, strict=True):
        out.append("\n" * (member.start_point[0] - row))
        row = member.start_point[0]
        key = _key(member)
        given = value if value is not None else _next(name, before)
        out.append(_assignment(name, key, given))
        bare = json.loads(key)
        if bare in named and _WORD.fullmatch(bare):
            out.append(f"const {bare} = {name}[{key}];")
        before = key
    out += [f"}})({name} || ({name} = {{}}));", "\n" * (node.end_point[0] - row)]
    return "".join(out).encode()


def _key(member: Node) -> str:
    """Return a member's name as a JavaScript string."""
    node = member.child_by_field_name("name") or member
    if node.type == "computed_property_name":
        node = node.named_children[0]
    text = words(node)
    return json.dumps(text if node.type == "property_identifier" else text[1:-1])


def _value(member: Node, edits: Edits) -> str | None:
    node = member.child_by_field_name("value") if member.type == "enum_assignment" else None
    if node is None:
        return None
    value = edits.render(node.start_byte, node.end_byte).decode("utf-8", "replace")
    return value.replace("\n", " ")


def _next(name: str, before: str | None) -> str:
    return "0" if before is None else f"{name}[{before}] + 1"


def _assignment(name: str, key: str, value: str) -> str:
    """Return the assignment; numbers lead back to their names, texts do not."""
    if _NUMBER.fullmatch(value) or value.endswith("] + 1") or value == "0":
        return f"{name}[{name}[{key}] = {value}] = {key};"
    return f'if (typeof ({name}[{key}] = ({value})) !== "string") {name}[{name}[{key}]] = {key};'
