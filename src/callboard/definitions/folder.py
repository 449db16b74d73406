"""Reading a folder of definitions."""

import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Final

from callboard.definitions.catalogue import Catalogue, LoadedDefinition
from callboard.definitions.mcp import MCP_FILE, read_mcp_file
from callboard.definitions.model_names import MODELS_FILE
from callboard.definitions.policies import POLICY_FILE
from callboard.definitions.programs import PROGRAMS, evaluated
from callboard.definitions.reader import SUFFIXES, from_program, read_definitions
from callboard.domain.errors import Problem
from callboard.ports.programs import Evaluated, Evaluator

_SKIPPED_FOLDERS: Final = {"node_modules", "scripts", "skills", "types", "__pycache__"}
_NOT_AGENTS: Final = {"conftest.py", "package.json", "tsconfig.json", MODELS_FILE, POLICY_FILE}
_MAX_DEPTH: Final = 8
_MAX_FILES: Final = 5_000


def load_folder(
    folder: Path,
    tools: Collection[str],
    *,
    shown_as: str | None = None,
    evaluator: Evaluator | None = None,
) -> Catalogue:
    """Return all definitions below a folder; a folder that does not exist holds none. `evaluator`: see
    `read_definitions`.

    Broken files do not keep the others from loading. Of two definitions with one id the first stays, in
    the order of their paths.
    """
    name = str(folder) if shown_as is None else shown_as
    loaded: dict[str, LoadedDefinition] = {}
    problems: list[Problem] = []
    skipped: list[Problem] = []
    broken: set[str] = set()
    files = list(_files(folder))
    programs = _evaluated(folder, files, evaluator)
    for path, reason in files:
        shown = str(Path(name, path.relative_to(folder)))
        if reason is not None:
            skipped.append(Problem(shown, "", reason))
            continue
        if path.name == MCP_FILE:
            one = read_mcp_file(path, shown_as=shown)
        elif path in programs:
            one = from_program(path, programs[path], tools, shown_as=shown)
        else:
            one = read_definitions(path, tools, shown_as=shown)
        problems += one.problems
        skipped += one.skipped
        broken |= one.broken_ids
        for found in one.definitions:
            first = loaded.setdefault(found.definition.id, found)
            if first is not found:
                problems.append(_duplicate(found, first))
    return Catalogue(tuple(loaded.values()), tuple(problems), tuple(skipped), frozenset(broken))


def _evaluated(
    folder: Path, files: list[tuple[Path, str | None]], evaluator: Evaluator | None
) -> Mapping[Path, Evaluated]:
    """Evaluate all programs of the folder at once."""
    if evaluator is None:
        return {}
    entries = [path for path, reason in files if reason is None and path.suffix in PROGRAMS]
    return evaluated(folder, entries, evaluator)


def _duplicate(second: LoadedDefinition, first: LoadedDefinition) -> Problem:
    message = (
        f"{second.definition.id!r} is taken by {first.file}, which stays; give this one another id"
    )
    return Problem(second.file, "id", message)


def _files(folder: Path) -> Iterator[tuple[Path, str | None]]:
    """Return the files that may hold definitions, each with a reason where it is not to be read."""
    count = 0
    for parent, folders, names in os.walk(folder):
        here = Path(parent)
        depth = len(here.relative_to(folder).parts)
        kept = [name for name in sorted(folders) if not name.startswith(".")]
        for name in kept:
            if (here / name).is_symlink():
                yield here / name, "is a symbolic link; put the folder itself here"
            elif _is_skipped_folder(name):
                yield here / name, "is a folder that is not searched for agents"
        kept = [name for name in kept if not _is_skipped_folder(name)]
        folders[:] = kept if depth < _MAX_DEPTH else []
        for name in sorted(names):
            if Path(name).suffix not in SUFFIXES:
                continue
            count += 1
            if count > _MAX_FILES:
                yield here / name, f"only the first {_MAX_FILES} files of a folder are read"
                return
            yield here / name, _reason_to_skip(here / name)


def _is_skipped_folder(name: str) -> bool:
    return name.startswith("skills-") or name in _SKIPPED_FOLDERS


def _reason_to_skip(path: Path) -> str | None:
    name = path.name
    if path.is_symlink():
        return "is a symbolic link; put the file itself here"
    if name.startswith((".", "_")):
        return "begins with a dot or an underscore"
    if name in _NOT_AGENTS or name.endswith(".d.ts"):
        return "is not an agent"
    stem = path.stem
    if stem.startswith("test_") or stem.endswith(("_test", ".test", ".spec")):
        return "is a test"
    return None
