"""Which hooks a project has: `callboard.toml`, and `codebuff.json` or `codebuff.jsonc`.

These files come with the repository. They say what may be run, and never where: every command runs in
the workspace's sandbox.
"""

import re
import tomllib
from collections.abc import Callable
from typing import Annotated, cast

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    TypeAdapter,
    ValidationError,
)

from callboard.ports.workspace import FileRefused, Files
from callboard.tools.glob.pattern import compiled
from callboard.tools.paths import read_text, same_path
from callboard.tools.run_file_change_hooks import jsonc

OWN = "callboard.toml"
OTHERS = ("codebuff.jsonc", "codebuff.json")
_LARGEST = 1_000_000


class HooksInvalid(ValueError):
    """A file with hooks cannot be used; the message names the file and the field."""


class Hook(BaseModel):
    """One command and the files that it is for."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=200)]
    command: Annotated[str, Field(min_length=1, max_length=10_000)]
    cwd: str | None = None
    file_pattern: Annotated[
        str | None,
        Field(max_length=1000, validation_alias=AliasChoices("file_pattern", "filePattern")),
    ] = None
    enabled: bool = True

    def concerns(self, paths: list[str]) -> bool:
        """Whether it is to be run after a change of these files."""
        if not self.enabled:
            return False
        if self.file_pattern is None:
            return bool(paths)
        pattern = compiled(self.file_pattern)
        return any(pattern.fullmatch(same_path(path)) for path in paths)


_HOOKS = TypeAdapter(list[Hook])


def read_hooks(files: Files) -> list[Hook]:
    """Return the hooks of a project, its own file's first.

    Raises:
        HooksInvalid: a file is there and malformed.
    """
    hooks = _read(files, OWN, tomllib.loads, ("hooks", "file_change"))
    for name in OTHERS:
        if _text(files, name) is not None:  # the first of them is the one that counts
            return [*hooks, *_read(files, name, jsonc.loads, ("fileChangeHooks",))]
    return hooks


def _read(
    files: Files, name: str, parse: Callable[[str], object], field: tuple[str, ...]
) -> list[Hook]:
    text = _text(files, name)
    if text is None:
        return []
    try:
        found = parse(text)
    except (ValueError, RecursionError) as problem:
        raise HooksInvalid(f"{name} cannot be read: {problem}") from None
    return _hooks(name, _at(name, found, field), ".".join(field))


def _at(name: str, value: object, field: tuple[str, ...]) -> object:
    """Return what a file has at a field; no hooks where the field is not there."""
    for key in field:
        if value is None:
            break
        if not isinstance(value, dict):
            raise HooksInvalid(f"{name}: what holds {key} must be a table, not {value!r:.80}")
        value = cast("dict[str, object]", value).get(key)
    return [] if value is None else value


def _hooks(name: str, value: object, field: str) -> list[Hook]:
    try:
        hooks = _HOOKS.validate_python(value)
    except ValidationError as invalid:
        problem = invalid.errors(include_url=False, include_context=False)[0]
        place = ".".join([field, *(str(part) for part in problem["loc"])])
        raise HooksInvalid(f"{name}: {place}: {problem['msg']}") from None
    for index, hook in enumerate(hooks):
        try:
            compiled(hook.file_pattern or "")
        except re.error as problem:
            place = f"{field}.{index}.file_pattern"
            raise HooksInvalid(f"{name}: {place}: not a valid pattern: {problem}") from None
    return hooks


def _text(files: Files, name: str) -> str | None:
    try:
        return read_text(files, name, max_bytes=_LARGEST)
    except FileRefused as refused:
        if refused.reason in {"missing", "ignored"}:
            return None
        raise HooksInvalid(f"{name} cannot be read: {refused}") from None


def as_json(hook: Hook) -> dict[str, JsonValue]:
    """Return how results name a hook."""
    return {"hookName": f"file-change-hook-{hook.name}"}
