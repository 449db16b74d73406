"""The product's own source, as syntax trees."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "callboard"


@dataclass(frozen=True)
class Module:
    """One file: `name` is dotted, `path` is relative to the package and uses slashes."""

    name: str
    path: str
    text: str
    tree: ast.Module

    @property
    def is_package(self) -> bool:
        return self.path.endswith("__init__.py")

    @property
    def package(self) -> str:
        return self.name if self.is_package else self.name.rpartition(".")[0]


@cache
def modules() -> tuple[Module, ...]:
    return tuple(_read(path) for path in sorted(PACKAGE.rglob("*.py")))


def _read(path: Path) -> Module:
    inside = path.relative_to(PACKAGE)
    parts = ("callboard", *inside.with_suffix("").parts)
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    text = path.read_text(encoding="utf-8")
    return Module(name, inside.as_posix(), text, ast.parse(text))


def imported(module: Module) -> Iterator[str]:
    """Every dotted name that a module imports; `from a import b` counts as `a` and as `a.b`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _base(module, node)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _base(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    up = module.package.split(".")[: len(module.package.split(".")) - node.level + 1]
    return ".".join([*up, *(node.module or "").split(".")]).rstrip(".")


def calls(module: Module) -> Iterator[tuple[str, ast.Call]]:
    """Every call with the text of what is called."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def texts(module: Module, node: ast.expr | None) -> Iterator[str]:
    """The literal texts that an expression may come to; a name stands for what its function assigns."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=orelse):
            yield from texts(module, body)
            yield from texts(module, orelse)
        case ast.Name(id=name):
            for value in _assigned(_around(module, node), name):
                yield from () if isinstance(value, ast.Name) else texts(module, value)
        case _:
            pass


def _around(module: Module, node: ast.expr) -> ast.AST:
    """The innermost function that holds an expression."""
    functions = [
        outer
        for outer in ast.walk(module.tree)
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef)
        and outer.lineno <= node.lineno <= (outer.end_lineno or 0)
    ]
    return functions[-1] if functions else module.tree


def _assigned(place: ast.AST, name: str) -> Iterator[ast.expr]:
    for node in ast.walk(place):
        match node:
            case ast.Assign(targets=[ast.Name(id=bound)], value=value) if bound == name:
                yield value
            case _:
                pass


def argument(call: ast.Call, name: str, position: int | None = None) -> ast.expr | None:
    """An argument of a call, by keyword or else by place."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    if position is not None and position < len(call.args):
        return call.args[position]
    return None
