"""What is TypeScript only in a file, and what JavaScript it becomes."""

import re
from typing import Final

from tree_sitter import Node

from callboard.sandbox.programs.typescript.edits import Edits
from callboard.sandbox.programs.typescript.enums import enum_text
from callboard.sandbox.programs.typescript.errors import LinkError
from callboard.sandbox.programs.typescript.syntax import Dialect, captures, line

_PATTERNS: Final = """
[(type_annotation) (type_parameters) (type_arguments) (asserts_annotation)
 (type_predicate_annotation) (implements_clause) (accessibility_modifier) (override_modifier)] @part
(optional_parameter "?" @part)
(public_field_definition ["?" "!" "readonly"] @part)
(method_definition "?" @part)
(required_parameter "readonly" @part)
(optional_parameter "readonly" @part)
(variable_declarator "!" @part)
(non_null_expression "!" @part)
(abstract_class_declaration "abstract" @part)

[(interface_declaration) (type_alias_declaration) (ambient_declaration) (function_signature)
 (abstract_method_signature)] @whole
(class_body [(method_signature) (index_signature)] @whole)
(public_field_definition ["declare" "abstract"]) @whole

[(as_expression) (satisfies_expression)] @cast
(formal_parameters . (required_parameter pattern: (this))) @has_this
(arrow_function return_type: (_)) @returning
(arrow_function type_parameters: (_)) @generic
(method_definition parameters: (formal_parameters [
  (required_parameter [(accessibility_modifier) (override_modifier) "readonly"])
  (optional_parameter [(accessibility_modifier) (override_modifier) "readonly"])])) @assigning
(enum_declaration) @enum

[(expression_statement) (lexical_declaration) (variable_declaration) (return_statement)
 (throw_statement) (public_field_definition) (export_statement)] @statement
"""
_IN_TS_ONLY: Final = "(type_assertion) @assertion"

_INDEXED: Final = {"array_type", "lookup_type"}
_NEXT_CALL: Final = re.compile(rb"[ \t]*\n\s*\(")


def erase_types(root: Node, edits: Edits, dialect: Dialect) -> None:
    """Note what takes the types out of a file and puts JavaScript where they had an effect."""
    found = captures(root, dialect, _PATTERNS + (_IN_TS_ONLY if dialect == "ts" else ""))
    ends = {node.end_byte for node in found.get("statement", ())}
    for node in found.get("part", ()):
        _blank(edits, node.start_byte, node.end_byte, ends)
    for node in found.get("whole", ()):
        edits.blank(node.start_byte, node.end_byte, first=b";")
    for node in found.get("cast", ()):
        _cast(edits, node, ends)
    for node in found.get("assertion", ()):
        _assertion(edits, node)
    for node in found.get("has_this", ()):
        _this_parameter(edits, node)
    for node in found.get("returning", ()):
        _returning(edits, node)
    for node in found.get("generic", ()):
        _generic(edits, node)
    for node in dict.fromkeys(found.get("assigning", ())):
        _parameter_properties(edits, node)
    # Last: the values of enums are rendered with all other changes.
    enums = [(node, enum_text(node, edits)) for node in found.get("enum", ())]
    for node, text in enums:
        edits.put(node.start_byte, node.end_byte, text)


def _blank(edits: Edits, start: int, end: int, ends: set[int]) -> None:
    """Blank a range. Where it ended a statement without a semicolon, it gets one: the next line may begin
    with a bracket, which only the type kept apart.
    """
    edits.blank(start, end, first=b";" if end in ends else b"")


def _cast(edits: Edits, node: Node, ends: set[int]) -> None:
    """Blank `as T`. What the grammar takes for a call of it, on the next line, is the next statement."""
    kind = node.children[-1]
    if kind.type in _INDEXED and kind.children[1].start_point[0] > kind.children[0].end_point[0]:
        raise LinkError(f"line {line(kind) + 1}: begin this line with a semicolon")
    called = _NEXT_CALL.match(edits.source, node.end_byte) is not None
    _blank(edits, node.children[0].end_byte, node.end_byte, {node.end_byte} if called else ends)


def _assertion(edits: Edits, node: Node) -> None:
    """`<T>{}` becomes `({})`: without the brackets it could be a block, or what follows a bare return."""
    arguments = node.children[0]
    edits.blank(arguments.start_byte, arguments.end_byte, first=b"(")
    edits.append(node.end_byte, b")")


def _this_parameter(edits: Edits, parameters: Node) -> None:
    this, *after = (child for child in parameters.children if child.type not in {"(", "comment"})
    end = after[0].end_byte if after and after[0].type == "," else this.end_byte
    edits.blank(this.start_byte, end)


def _returning(edits: Edits, arrow: Node) -> None:
    """Move the bracket behind a return type of several lines: `=>` stands on the line of its bracket."""
    parameters = arrow.child_by_field_name("parameters")
    kind = arrow.child_by_field_name("return_type")
    if parameters is None or kind is None or kind.start_point[0] == kind.end_point[0]:
        return
    edits.blank(parameters.end_byte - 1, parameters.end_byte)
    edits.put(
        kind.start_byte, kind.end_byte, edits.blanked(kind.start_byte, kind.end_byte - 1) + b")"
    )


def _generic(edits: Edits, arrow: Node) -> None:
    """Move the bracket before type parameters of several lines: `async` stands on the line of its bracket."""
    kinds = arrow.child_by_field_name("type_parameters")
    parameters = arrow.child_by_field_name("parameters")
    if kinds is None or parameters is None or kinds.start_point[0] == parameters.start_point[0]:
        return
    edits.blank(kinds.start_byte, kinds.end_byte, first=b"(")
    edits.blank(parameters.start_byte, parameters.start_byte + 1)


def _parameter_properties(edits: Edits, method: Node) -> None:
    """`constructor(private x)` sets `this.x`, after the call of `super` where there is one."""
    parameters = method.child_by_field_name("parameters")
    body = method.child_by_field_name("body")
    if parameters is None or body is None:
        return
    names = [
        pattern.text
        for parameter in parameters.named_children
        if any(child.type in _MODIFIERS for child in parameter.children)
        and (pattern := parameter.child_by_field_name("pattern")) is not None
        and pattern.type == "identifier"
    ]
    sets = b"".join(b"this.%b = %b; " % (name, name) for name in names if name)
    if not sets:  # the pattern finds methods without parameters, too
        return
    after = next((node for node in body.named_children if _calls_super(node)), None)
    if after is None:
        edits.append(body.start_byte + 1, b" " + sets)
    else:
        edits.append(after.end_byte, b"; " + sets)


_MODIFIERS: Final = {"accessibility_modifier", "override_modifier", "readonly"}


def _calls_super(statement: Node) -> bool:
    if statement.type != "expression_statement":
        return False
    call = statement.named_children[0]
    function = call.child_by_field_name("function")
    return function is not None and function.type == "super"
