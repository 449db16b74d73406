"""Linking a definition file with everything that it imports into one script."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from callboard.sandbox.programs.typescript.erase import Erased, erase
from callboard.sandbox.programs.typescript.errors import LinkError
from callboard.sandbox.programs.typescript.modules import Binding, Reference
from callboard.sandbox.programs.typescript.resolve import (
    JAVASCRIPT,
    ROOT,
    TYPESCRIPT,
    Resolver,
    Target,
)
from callboard.sandbox.programs.typescript.shims import IMPORTABLE, SOURCES
from callboard.sandbox.programs.typescript.syntax import MAX_BYTES, Dialect

__all__ = ["LinkError", "link"]

_RUNTIME: Final = Path(__file__).with_name("runtime.js").read_text("utf-8")
_FIRST_LINE: Final = 100_000
"""Lines of modules are counted from here, so that none is taken for a line of the runtime."""

_Plan = dict[str, object]


def link(files: Mapping[str, str], entry: str) -> str:
    """Return one script whose value is the default export of `entry`, or all its exports where it has none.

    `files` are the texts of a folder by relative path. An import that leads nowhere is no error until the
    script uses what it names: many are of types only, and nobody can tell from one file.

    Raises:
        LinkError: the entry, or a file that it imports, cannot be read as TypeScript or JavaScript, or
            something is imported for its effects and is not there. Names the file and the line.
    """
    if entry not in files:
        raise LinkError(f"{entry}: there is no such file")
    if not entry.endswith((*TYPESCRIPT, *JAVASCRIPT)):
        raise LinkError(f"{entry}: is neither TypeScript nor JavaScript")
    return _Linker(files).script(entry)


class _Linker:
    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files
        self._resolver = Resolver(files)
        self._numbers: dict[Target, int] = {}
        self._todo: list[Target] = []
        self._missing: dict[str, int] = {}
        self._line = _FIRST_LINE

    def script(self, entry: str) -> str:
        self._number(Target(entry, "code"))
        plans: list[_Plan] = []
        while len(plans) < len(self._todo):
            plans.append(self._plan(self._todo[len(plans)]))
        reads = any(target.kind == "shim" and target.name.startswith("fs") for target in self._todo)
        input_ = {
            "files": [[f"{ROOT}/{name}", text] for name, text in self._files.items()]
            if reads
            else [],
            "missing": list(self._missing),
            "modules": plans,
            "root": ROOT,
            "shims": SOURCES,
        }
        return f"{_RUNTIME.rstrip()}({json.dumps(input_)})\n"

    def _number(self, target: Target) -> int:
        if target not in self._numbers:
            self._numbers[target] = len(self._todo)
            self._todo.append(target)
        return self._numbers[target]

    def _plan(self, target: Target) -> _Plan:
        text = target.name if target.kind == "shim" else self._files[target.name]
        if len(text) > MAX_BYTES:
            raise LinkError(f"{target.name}: is larger than {MAX_BYTES // 1024} KiB")
        lines = text.count("\n") + 1
        plan: _Plan = {"file": target.name, "base": self._line, "lines": lines}
        self._line += lines + 1
        if target.kind != "code":
            return plan | {"kind": target.kind, "code": text}
        try:
            return plan | self._code(target.name, erase(text, _dialect(target.name)))
        except LinkError as error:
            place = f"{target.name}, " if str(error).startswith("line ") else f"{target.name}: "
            raise LinkError(f"{place}{error}") from None

    def _code(self, file: str, erased: Erased) -> _Plan:
        for reference in erased.bare:
            if self._resolver.resolve(file, reference) is None:
                raise LinkError(_nowhere(reference))
        return {
            "kind": "module" if erased.is_module else "script",
            "code": _wrapped(erased, strict=erased.is_module or file.endswith(TYPESCRIPT)),
            "loads": [self._found(file, one) for one in erased.loads],
            "bindings": [self._bound(file, one) for one in erased.bindings],
            "again": [self._bound(file, one) for one in erased.again],
            "requires": [[name, self._found(file, Reference(name))] for name in erased.requires],
        }

    def _bound(self, file: str, binding: Binding) -> list[object]:
        return [binding.name, self._found(file, binding.source), binding.imported]

    def _found(self, file: str, reference: Reference) -> int:
        """Return the number of the module that is meant; below zero, of the reason why there is none."""
        target = self._resolver.resolve(file, reference)
        if target is not None:
            return self._number(target)
        return -1 - self._missing.setdefault(_nowhere(reference), len(self._missing))


def _wrapped(erased: Erased, *, strict: bool) -> str:
    """Return a function of the scope that gives the function which runs the file; its lines stay."""
    pairs = ",".join(f"[{json.dumps(name)},()=>{code}]" for name, code in erased.exports)
    exports = f"__callboard.export([{pairs}]);" if pairs else ""
    mode = '"use strict";' if strict else ""
    return f"(function(__scope){{with(__scope){{return function(){{{mode}{exports}{erased.code}\n}}}}}})"


def _nowhere(reference: Reference) -> str:
    name = json.dumps(reference.specifier[:100])
    return f"{name} cannot be imported: it is not in the folder; what can be: {IMPORTABLE}"


def _dialect(file: str) -> Dialect:
    if file.endswith(".tsx"):
        return "tsx"
    return "ts" if file.endswith(TYPESCRIPT) else "js"
