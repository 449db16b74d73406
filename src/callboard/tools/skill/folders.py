"""Finding skills: `<folder>/<name>/SKILL.md`, in the project first, then in folders of the user.

The project's files are read through its workspace and no other way; a name can therefore lead nowhere else.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import yaml

from callboard.ports.workspace import FileRefused, Files

IN_PROJECT = (".agents/skills", ".claude/skills")
_FILE = "SKILL.md"
_LARGEST = 200_000
_MOST_SKILLS = 200
_LONGEST_DESCRIPTION = 2000
_LONGEST_FRONT = 8000
_MOST_LISTS = 50  # lists in lists take long to read
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_FRONT = re.compile(
    r"---[ \t]*\r?\n(?P<front>.*?)^---[ \t]*\r?$\n?(?P<body>.*)", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Skill:
    """What a skill's file says."""

    name: str
    description: str
    content: str


def find_skill(name: str, files: Files, user_folders: tuple[str, ...]) -> Skill | None:
    """Return the first skill of that name; files are read anew each time."""
    if not _NAME.fullmatch(name):
        return None
    for text in _texts(name, files, user_folders):
        skill = _parsed(name, text)
        if skill is not None:
            return skill
    return None


def skill_names(files: Files, user_folders: tuple[str, ...]) -> list[str]:
    """Return the names of the skills that can be had, sorted."""
    found = {name for folder in IN_PROJECT for name in _inside(files, folder)}
    found.update(name for folder in user_folders for name in _in_user_folder(folder))
    candidates = sorted(name for name in found if _NAME.fullmatch(name))[:_MOST_SKILLS]
    return [name for name in candidates if find_skill(name, files, user_folders)]


def _texts(name: str, files: Files, user_folders: tuple[str, ...]) -> Iterator[str]:
    for folder in IN_PROJECT:
        try:
            content = files.read(f"{folder}/{name}/{_FILE}", max_bytes=_LARGEST)
        except FileRefused:
            continue
        yield content.decode(errors="replace")
    for folder in user_folders:
        try:
            with (Path(folder) / name / _FILE).open("rb") as file:
                content = file.read(_LARGEST + 1)
        except OSError:
            continue
        if len(content) <= _LARGEST:
            yield content.decode(errors="replace")


def _parsed(name: str, text: str) -> Skill | None:
    """Return the skill, unless it has another name or is for people only."""
    found = _FRONT.match(text.lstrip("\N{ZERO WIDTH NO-BREAK SPACE}"))
    if found is None or len(found["front"]) > _LONGEST_FRONT:
        return None
    if found["front"].count("[") > _MOST_LISTS:
        return None
    try:
        front: object = yaml.safe_load(found["front"])
    except (yaml.YAMLError, RecursionError, ValueError):
        return None
    match front:
        case {"disable-model-invocation": True}:
            return None
        case {"name": str(given), "description": str(description)} if given == name:
            return Skill(name, description.strip()[:_LONGEST_DESCRIPTION], found["body"].strip())
        case _:
            return None


def _inside(files: Files, folder: str) -> tuple[str, ...]:
    try:
        return files.list(folder).directories
    except FileRefused:
        return ()


def _in_user_folder(folder: str) -> Iterator[str]:
    try:
        yield from (entry.name for entry in islice(Path(folder).iterdir(), _MOST_SKILLS))
    except OSError:
        return
