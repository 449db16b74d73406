"""Definition files that are programs: read as texts here, evaluated elsewhere."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from callboard.definitions.files import Unreadable, read_text
from callboard.domain.errors import SandboxUnavailable
from callboard.ports.programs import Evaluated, Evaluator

SCRIPTS: Final = frozenset({".ts", ".tsx", ".js", ".mjs", ".cjs"})
PROGRAMS: Final = frozenset({*SCRIPTS, ".py"})

_IMPORTABLE: Final = frozenset({*PROGRAMS, ".json", ".md", ".txt"})
_NEVER: Final = frozenset({"node_modules", "__pycache__"})
_MOST_FILES: Final = 2_000
_MOST_CHARACTERS: Final = 16 * 1024 * 1024
_MAX_DEPTH: Final = 8
_OPT_OUT: Final = "this file is a program and was not evaluated"


def evaluated(
    folder: Path, entries: Sequence[Path], evaluator: Evaluator
) -> Mapping[Path, Evaluated]:
    """Return what each of the files comes to. They see the texts of the folder, and nothing else.

    Where nothing can confine them, each has that for its problem.
    """
    if not entries:
        return {}
    texts = dict(_texts(folder))
    names = {path: path.relative_to(folder).as_posix() for path in entries}
    readable = tuple(name for name in names.values() if name in texts)
    try:
        found = evaluator.evaluate(texts, readable)
    except SandboxUnavailable as reason:
        return dict.fromkeys(entries, Evaluated(problem=f"{_OPT_OUT}: {reason}"))
    return {
        path: _without_name(name, found[name]) if name in found else _unreadable(path)
        for path, name in names.items()
    }


def _without_name(name: str, found: Evaluated) -> Evaluated:
    """Return it with a problem that does not name its own file: whoever shows it does."""
    problem = found.problem.removeprefix(f"{name}: ").removeprefix(f"{name}, ")
    return replace(found, problem=problem)


def _unreadable(path: Path) -> Evaluated:
    try:
        read_text(path)
    except Unreadable as reason:
        return Evaluated(problem=str(reason))
    return Evaluated(problem=f"the folder holds more than {_MOST_CHARACTERS >> 20} MiB of texts")


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the texts that files of the folder may import, as far as the bounds allow."""
    left = _MOST_CHARACTERS
    for path in _importable(folder):
        try:
            text = read_text(path)
        except Unreadable:  # whoever imports it is told that it is not there
            continue
        left -= len(text)
        if left < 0:
            return
        yield path.relative_to(folder).as_posix(), text


def _importable(folder: Path) -> Iterator[Path]:
    count = 0
    todo = [folder]
    while todo:
        here = todo.pop()
        try:
            children = sorted(here.iterdir())
        except OSError:
            continue
        for path in children:
            if path.is_symlink() or path.name in _NEVER or path.name.startswith("."):
                continue  # what is hidden was not put there to be imported: settings, keys
            if path.is_dir():
                if len(path.relative_to(folder).parts) < _MAX_DEPTH:
                    todo.append(path)
            elif path.suffix in _IMPORTABLE:
                count += 1
                if count > _MOST_FILES:
                    return
                yield path


def home_of(file: Path) -> Path:
    """Return the folder whose files a single file may import: the nearest `.agents` above it, else its own."""
    for parent in file.absolute().parents:
        if parent.name == ".agents":
            return parent
    return file.absolute().parent
