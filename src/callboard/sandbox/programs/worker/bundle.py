"""A file of a folder as one text that stands for itself: with all the files that it imports.

They follow the text in comments, so that the text stays as its author wrote it, line by line.
"""

import ast
import json
from collections.abc import Iterator, Mapping
from typing import Final

_MARK: Final = "# callboard:file "
_ENTRY: Final = "handle_steps.py"


def opened(text: str) -> tuple[str, dict[str, str]]:
    """Return the path of a program's own file, and the files that come with it by path."""
    files: dict[str, str] = {}
    entry = _ENTRY
    for line in reversed(text.splitlines()):
        if not line.startswith(_MARK):
            break
        path, content = json.loads(line.removeprefix(_MARK))
        if content is None:
            entry = path
        else:
            files[path] = content
    return entry, files


def closed(text: str, entry: str, files: Mapping[str, str]) -> str:
    """Return the text with those `files` that it imports, directly or not."""
    needed = _needed(text, entry, files)
    if not needed:
        return text
    lines = [_MARK + json.dumps([path, files[path]]) for path in sorted(needed)]
    return "\n".join([text.rstrip("\n"), _MARK + json.dumps([entry, None]), *lines, ""])


def _needed(text: str, entry: str, files: Mapping[str, str]) -> set[str]:
    needed: set[str] = set()
    pending = [(entry, text)]
    while pending:
        path, content = pending.pop()
        for found in _imported(path, content, files):
            if found not in needed and found != entry:
                needed.add(found)
                pending.append((found, files[found]))
    return needed


def _imported(path: str, text: str, files: Mapping[str, str]) -> Iterator[str]:
    """Yield the files that any import of a text may load, packages on the way included."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = path.split("/")[: -node.level] if node.level else []
            base = [*base, *(node.module or "").split(".")] if node.module else base
            names = [base, *([*base, alias.name] for alias in node.names)]
        else:
            continue
        for parts in names:
            for length in range(1, len(parts) + 1):
                stem = "/".join(parts[:length])
                yield from (p for p in (f"{stem}.py", f"{stem}/__init__.py") if p in files)
