"""apply_patch: a patch to one file, applied whole or not at all.

A hunk that was applied already is recognised and left alone, so that a call can be repeated.
"""

import asyncio
from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field, JsonValue, computed_field, model_validator

from callboard.domain.tool import ToolFacts
from callboard.ports.tools import ToolContext, ToolOutcome
from callboard.ports.workspace import FileRefused, Files
from callboard.tools.apply_patch.applying import patched
from callboard.tools.apply_patch.hunks import PatchInvalid, added_text, parse
from callboard.tools.arguments import Arguments
from callboard.tools.outcomes import failure, success
from callboard.tools.paths import encode, is_writable_text, like, read_text, unix_lines
from callboard.tools.typed import TypedTool


class Operation(Arguments):
    """What happens to one file."""

    type: Literal["create_file", "update_file", "delete_file"]
    path: Annotated[str, Field(min_length=1)]
    diff: Annotated[str | None, Field(description="For create_file and update_file")] = None

    @model_validator(mode="after")
    def _complete(self) -> "Operation":
        if self.type != "delete_file" and self.diff is None:
            raise ValueError(f"diff is required for {self.type}")
        return self


class ApplyPatch(Arguments):
    """Input of apply_patch. `path` is repeated outside, where rules on paths look for it."""

    operation: Operation

    @computed_field
    @property
    def path(self) -> str:
        """The path of the operation."""
        return self.operation.path

    @model_validator(mode="before")
    @classmethod
    def _gathered(cls, value: JsonValue) -> JsonValue:
        """Take an operation whose parts were given side by side."""
        if isinstance(value, dict) and "operation" not in value and "type" in value:
            return {"operation": value}
        return value


async def apply_patch(arguments: ApplyPatch, context: ToolContext) -> ToolOutcome:
    """Carry out the operation."""
    operation = arguments.operation
    if not is_writable_text(operation.diff or ""):
        return failure("The patch has a lone surrogate, which no file can hold.")
    act = {"create_file": _create, "update_file": _update, "delete_file": _delete}[operation.type]
    return await asyncio.to_thread(_carried_out, act, operation, context.workspace.files)


def _carried_out(
    act: Callable[[Operation, Files], str], operation: Operation, files: Files
) -> ToolOutcome:
    try:
        message = act(operation, files)
    except (FileRefused, PatchInvalid) as refused:
        return failure(str(refused), file=operation.path)
    applied: JsonValue = [{"type": operation.type, "path": operation.path}]
    return success({"message": message, "applied": applied})


def _create(operation: Operation, files: Files) -> str:
    content = added_text(operation.diff or "")
    try:
        present = read_text(files, operation.path)
    except FileRefused as refused:
        if refused.reason != "missing":
            raise
        files.write(operation.path, encode(content))
        return "Created file successfully."
    if unix_lines(present) == content:
        return "The file is there already, with this content; nothing to do."
    raise PatchInvalid(f"{operation.path} exists already; use update_file to change it.")


def _update(operation: Operation, files: Files) -> str:
    before = read_text(files, operation.path)
    plain = unix_lines(before)
    hunks = parse(operation.diff or "")
    result = patched(plain, hunks)
    if result.content != plain:
        files.write(operation.path, encode(like(before, result.content)))
    elif not result.already:
        raise PatchInvalid("The patch changes nothing.")
    if result.already:
        return f"{result.already} of {len(hunks)} hunks were applied already. Updated file."
    return "Updated file successfully."


def _delete(operation: Operation, files: Files) -> str:
    files.remove(operation.path)
    return "Deleted file successfully."


TOOL = TypedTool(
    "apply_patch", ApplyPatch, ToolFacts(access="write", retry_safety="idempotent"), apply_patch
)
