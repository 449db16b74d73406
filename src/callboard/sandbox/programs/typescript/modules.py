"""Imports and exports of a file: taken out of its text, and listed for the linker."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from tree_sitter import Node

from callboard.sandbox.programs.typescript.edits import Edits
from callboard.sandbox.programs.typescript.syntax import words

DEFAULT: Final = "__callboard_default"
"""The name of a default export that has none of its own."""

_WITH_VALUE: Final = {"function_expression", "generator_function", "class"}
_DECLARATIONS: Final = {
    "abstract_class_declaration",
    "class_declaration",
    "enum_declaration",
    "function_declaration",
    "generator_function_declaration",
    "import_alias",
}
_VARIABLES: Final = {"lexical_declaration", "variable_declaration"}
_TYPES: Final = {
    "ambient_declaration",
    "function_signature",
    "interface_declaration",
    "type_alias_declaration",
}


@dataclass(frozen=True, slots=True)
class Reference:
    """What an import names; `kind` is its `type` attribute, as in `with {type: "text"}`."""

    specifier: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Binding:
    """One name of an import (`imported` is `*` for all of a module), or one that is exported again."""

    name: str
    source: Reference
    imported: str


@dataclass(slots=True)
class Listed:
    """The imports and exports of a file, in their order.

    `exports` are names with what they are called in the file, `braced` are those of `export {…}`, which may
    be imported ones or types; `aliases` are `import a = b.c`.
    """

    bindings: list[Binding] = field(default_factory=list[Binding])
    bare: list[Reference] = field(default_factory=list[Reference])
    again: list[Binding] = field(default_factory=list[Binding])
    exports: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    braced: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    aliases: list[tuple[Node, str]] = field(default_factory=list[tuple[Node, str]])
    order: list[Reference] = field(default_factory=list[Reference])
    is_module: bool = False


def list_modules(root: Node, edits: Edits) -> Listed:
    """Return the imports and exports of a file, and note what takes them out of its text."""
    listed = Listed()
    for node in root.named_children:
        match node.type:
            case "import_statement":
                listed.is_module = True
                edits.blank(node.start_byte, node.end_byte, first=b";")
                _import(node, listed)
            case "import_alias":
                edits.blank(node.start_byte, node.end_byte, first=b";")
                listed.aliases.append((node, words(node.named_children[0])))
            case "export_statement":
                listed.is_module = True
                _export(node, listed, edits)
            case "hash_bang_line":
                edits.blank(node.start_byte, node.end_byte)
            case _:
                pass
    return listed


def _import(node: Node, listed: Listed) -> None:
    if _has(node, "type") or _has(node, "typeof"):
        return
    clause = next(
        (child for child in node.named_children if child.type.startswith("import_")), None
    )
    if clause is not None and clause.type == "import_require_clause":
        source = _reference(clause)
        listed.bindings.append(Binding(words(clause.named_children[0]), source, "="))
    else:
        source = _reference(node)
        if clause is None or clause.type == "import_attribute":
            listed.bare.append(source)
        else:
            listed.bindings += (Binding(name, source, one) for name, one in _clause(clause))
    listed.order.append(source)


def _clause(clause: Node) -> Iterator[tuple[str, str]]:
    for child in clause.named_children:
        if child.type == "identifier":
            yield words(child), "default"
        elif child.type == "namespace_import":
            yield words(child.named_children[0]), "*"
        elif child.type == "named_imports":
            for one in child.named_children:
                if one.type == "import_specifier" and not _has(one, "type"):
                    name, alias = _specifier(one)
                    yield alias, name


def _export(node: Node, listed: Listed, edits: Edits) -> None:
    declaration = node.child_by_field_name("declaration")
    value = node.child_by_field_name("value")
    source = node.child_by_field_name("source")
    if _is_type_only(node) or (declaration is not None and declaration.type in _TYPES):
        edits.blank(node.start_byte, node.end_byte, first=b";")
    elif source is not None:
        edits.blank(node.start_byte, node.end_byte, first=b";")
        reference = _reference(node)
        listed.again += (Binding(*pair) for pair in _again(node, reference))
        listed.order.append(reference)
    elif declaration is not None:
        _declared(node, declaration, listed, edits)
    elif value is not None:
        _default(node, value, listed, edits)
    else:
        _local(node, listed, edits)


def _again(node: Node, reference: Reference) -> Iterator[tuple[str, Reference, str]]:
    clause = next((child for child in node.named_children if child.type.endswith("_export")), None)
    if clause is not None:
        yield words(clause.named_children[0]), reference, "*"
        return
    names = list(_names(node))
    if not names and _has(node, "*"):
        yield "*", reference, "*"
    for name, alias in names:
        yield alias, reference, name


def _declared(node: Node, declaration: Node, listed: Listed, edits: Edits) -> None:
    edits.blank(node.start_byte, declaration.start_byte)
    if declaration.type in _VARIABLES:
        names = [name for one in declaration.named_children for name in _bound(one)]
    elif declaration.type == "import_alias":
        names = [words(declaration.named_children[0])]
        edits.blank(declaration.start_byte, declaration.end_byte, first=b";")
        listed.aliases.append((declaration, names[0]))
    else:
        name = declaration.child_by_field_name("name")
        known = declaration.type in _DECLARATIONS and name is not None
        names = [words(name)] if known and name is not None else []
    if _has(node, "default"):
        listed.exports += (("default", name) for name in names)
    else:
        listed.exports += ((name, name) for name in names)


def _default(node: Node, value: Node, listed: Listed, edits: Edits) -> None:
    edits.put(node.start_byte, value.start_byte, f"const {DEFAULT} = ".encode())
    first = value
    while first.type not in _WITH_VALUE and first.children:
        first = first.children[0]
    if first.type in _WITH_VALUE:  # a declaration: what follows is a statement, even a bracket
        edits.append(first.end_byte, b";")
    listed.exports.append(("default", DEFAULT))


def _local(node: Node, listed: Listed, edits: Edits) -> None:
    if _has(node, "="):
        value = node.named_children[0]
        edits.put(node.start_byte, value.start_byte, b"module.exports = ")
        listed.is_module = bool(listed.order)
        return
    edits.blank(node.start_byte, node.end_byte, first=b";")
    listed.braced += ((alias, name) for name, alias in _names(node))


def _names(node: Node) -> Iterator[tuple[str, str]]:
    """Return the names in the braces of an export, each with the one that it is exported by."""
    for clause in node.named_children:
        if clause.type == "export_clause":
            for one in clause.named_children:
                if one.type == "export_specifier" and not _has(one, "type"):
                    yield _specifier(one)


def _specifier(node: Node) -> tuple[str, str]:
    name = node.child_by_field_name("name") or node
    alias = node.child_by_field_name("alias") or name
    return _bare(name), _bare(alias)


def _bare(node: Node) -> str:
    return words(node)[1:-1] if node.type == "string" else words(node)


def _reference(node: Node) -> Reference:
    source = node.child_by_field_name("source")
    specifier = words(source)[1:-1] if source is not None else ""
    attribute = next((one for one in node.named_children if one.type == "import_attribute"), None)
    return Reference(specifier, _kind(attribute) if attribute is not None else "")


def _kind(attribute: Node) -> str:
    for pair in attribute.named_children[0].named_children:
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if key is not None and value is not None and _bare(key) == "type":
            return _bare(value)
    return ""


def _bound(declarator: Node) -> Iterator[str]:
    """Return the names that a declaration binds, out of its patterns."""
    name = declarator.child_by_field_name("name")
    todo = [name] if name is not None else []
    while todo:
        node = todo.pop()
        match node.type:
            case "identifier" | "shorthand_property_identifier_pattern":
                yield words(node)
            case "assignment_pattern" | "object_assignment_pattern":
                todo.append(node.named_children[0])
            case "pair_pattern":
                value = node.child_by_field_name("value")
                todo += [value] if value is not None else []
            case _:
                todo += reversed(node.named_children)


def _is_type_only(node: Node) -> bool:
    """Return whether an export is of types; `export type * from` is not in the grammar and an error."""
    words_before = (child for child in node.children[1:2])
    return any(
        one.type == "type" or (one.type == "ERROR" and words(one) == "type") for one in words_before
    ) or (_has(node, "as") and _has(node, "namespace"))


def _has(node: Node, token: str) -> bool:
    return any(child.type == token for child in node.children)
