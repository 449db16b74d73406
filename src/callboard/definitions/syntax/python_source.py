"""Python files as data: literals are read from the syntax tree, nothing is imported or executed.

A file holds `definition = …` or `definitions = [ … ]`, each an `AgentDefinition(...)` call or a dict. Names
of module-level literals may be used; a function named as `handle_steps` is kept as its source text.
"""

import ast
from typing import Final, cast

from callboard.definitions.findings import Findings

_CALLS: Final = {
    "Agent",
    "AgentDefinition",
    "Approvers",
    "ArgumentCondition",
    "InputSchema",
    "Limits",
    "PermissionRule",
    "ReasoningOptions",
    "dict",
}
_LATER: Final = "only literals are read; definitions that compute come with a later release"
_MAX_DEPTH: Final = 100


class _NotLiteral(Exception):
    def __init__(self, node: ast.AST, what: str) -> None:
        super().__init__(f"line {getattr(node, 'lineno', 1)}: {what}")


def read_python(text: str, findings: Findings) -> list[object] | None:
    """Return the definitions in a Python text; None where it is a module without any."""
    try:
        module = _Module(ast.parse(text), text)
    except SyntaxError as error:
        findings.problem("", f"line {error.lineno or 1}: {error.msg}")
        return []
    except (ValueError, RecursionError, MemoryError):
        findings.problem("", "is not readable as Python")
        return []
    try:
        return module.definitions()
    except _NotLiteral as refusal:
        findings.problem("", str(refusal))
        return []


class _Module:
    def __init__(self, tree: ast.Module, text: str) -> None:
        self._text = text
        self._values: dict[str, ast.expr | None] = {}
        self._functions: dict[str, ast.FunctionDef] = {}
        for statement in tree.body:
            self._note(statement)

    def definitions(self) -> list[object] | None:
        single, several = self._values.get("definition"), self._values.get("definitions")
        if single is not None:
            return [self._with_steps(self._read(single))]
        if isinstance(several, ast.List | ast.Tuple):
            return [self._read(element) for element in several.elts]
        if several is not None:
            raise _NotLiteral(several, f"definitions must be a list; {_LATER}")
        return None

    def _note(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self._bind(name, value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                self._bind(name, value)
            case ast.FunctionDef(name=name):
                self._functions[name] = statement
            case _:
                pass

    def _bind(self, name: str, value: ast.expr) -> None:
        # What is bound twice depends on what happens at run time: not a literal any more.
        self._values[name] = None if name in self._values else value

    def _with_steps(self, value: object) -> object:
        steps = self._functions.get("handle_steps")
        if steps is None or not isinstance(value, dict):
            return value
        members = cast("dict[str, object]", value)
        if "handle_steps" in members or "handleSteps" in members:
            return members
        return {**members, "handleSteps": self._source(steps)}

    def _read(self, node: ast.expr, depth: int = 0) -> object:
        if depth > _MAX_DEPTH:
            raise _NotLiteral(node, "is nested too deeply")
        match node:
            case ast.Constant(value=None | bool() | int() | float() | str() as value):
                return value
            case ast.List(elts=elements) | ast.Tuple(elts=elements):
                return [self._read(element, depth + 1) for element in elements]
            case ast.Dict():
                return self._object(node, depth)
            case ast.Call():
                return self._call(node, depth)
            case ast.Name(id=name):
                return self._name(node, name, depth)
            case ast.UnaryOp() | ast.BinOp():
                return self._operation(node, depth)
            case _:
                raise _NotLiteral(node, f"{ast.unparse(node)[:60]} is not a literal; {_LATER}")

    def _object(self, node: ast.Dict, depth: int) -> dict[str, object]:
        members: dict[str, object] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
                raise _NotLiteral(key or value, f"keys must be text; {_LATER}")
            if key.value in members:
                raise _NotLiteral(key, f"{key.value} is given twice; keep one of them")
            members[key.value] = self._read(value, depth + 1)
        return members

    def _call(self, node: ast.Call, depth: int) -> object:
        name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)[:60]
        if name not in _CALLS or node.args:
            raise _NotLiteral(node, f"{name}(…) is not a literal; {_LATER}")
        members: dict[str, object] = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                raise _NotLiteral(node, f"** is not a literal; {_LATER}")
            members[keyword.arg] = self._read(keyword.value, depth + 1)
        return members

    def _name(self, node: ast.Name, name: str, depth: int) -> object:
        if name in self._functions:
            return self._source(self._functions[name])
        value = self._values.get(name)
        if value is None:
            raise _NotLiteral(node, f"{name} is not a literal of this file, bound once; {_LATER}")
        return self._read(value, depth + 1)

    def _operation(self, node: ast.UnaryOp | ast.BinOp, depth: int) -> object:
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return -number
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                parts = self._read(left, depth + 1), self._read(right, depth + 1)
                if isinstance(parts[0], str) and isinstance(parts[1], str):
                    return parts[0] + parts[1]
            case _:
                pass
        raise _NotLiteral(node, f"{ast.unparse(node)[:60]} is not a literal; {_LATER}")

    def _source(self, function: ast.FunctionDef) -> str:
        if function.decorator_list:
            raise _NotLiteral(function, f"a decorated {function.name} cannot be kept; {_LATER}")
        return ast.get_source_segment(self._text, function) or ""
