"""str_replace: changes in an existing file.

Repeating a call is safe: a replacement that was made already is recognised and left alone (see
`replacing.is_applied`), which is why the tool counts as idempotent.
"""

import asyncio
from dataclasses import replace
from typing import Annotated

from pydantic import AliasChoices, Field, JsonValue, model_validator

from callboard.domain.tool import ToolFacts
from callboard.ports.tools import ToolContext, ToolOutcome
from callboard.ports.workspace import FileRefused, Files
from callboard.tools.arguments import Arguments
from callboard.tools.outcomes import failure, success
from callboard.tools.paths import encode, is_writable_text, like, read_text, unix_lines
from callboard.tools.str_replace.replacing import Replaced, Replacement, replace_all
from callboard.tools.typed import TypedTool

UNWRITABLE = "The new text has a lone surrogate, which no file can hold; write it differently."
_SPELLINGS = {
    "old": ("old_str", "old_string", "oldString", "oldStr"),
    "new": ("new_str", "new_string", "newString", "newStr"),
    "allowMultiple": ("allow_multiple", "replaceAll", "replace_all"),
}


def _usual_names(value: JsonValue) -> JsonValue:
    """Rename other tools' spellings to ours."""
    if not isinstance(value, dict):
        return value
    renamed = dict(value)
    for name, others in _SPELLINGS.items():
        for other in others:
            if other in renamed:
                found = renamed.pop(other)
                renamed.setdefault(name, found)
    return renamed


class Change(Arguments):
    """One replacement."""

    old: Annotated[str, Field(description="Text that is in the file, exactly")]
    new: Annotated[str, Field(description="Text to put in its place; may be empty")]
    allowMultiple: Annotated[  # noqa: N815 - the language's own spelling
        bool, Field(description="Replace every occurrence")
    ] = False

    _renamed = model_validator(mode="before")(_usual_names)


class StrReplace(Arguments):
    """Input of str_replace."""

    path: Annotated[
        str,
        Field(min_length=1, validation_alias=AliasChoices("path", "file_path", "filePath")),
    ]
    replacements: Annotated[list[Change], Field(min_length=1)]

    @model_validator(mode="before")
    @classmethod
    def _gathered(cls, value: JsonValue) -> JsonValue:
        """Take a single replacement that was given beside the path."""
        named = _usual_names(value)
        if isinstance(named, dict) and "replacements" not in named and "old" in named:
            return {**named, "replacements": [named]}
        return value


def is_writable(arguments: StrReplace) -> bool:
    """Whether all new texts can be stored."""
    return all(is_writable_text(change.new) for change in arguments.replacements)


async def str_replace(arguments: StrReplace, context: ToolContext) -> ToolOutcome:
    """Make the replacements and write the file once."""
    if not is_writable(arguments):
        return failure(UNWRITABLE, file=arguments.path)
    return await asyncio.to_thread(_apply, arguments, context.workspace.files)


def _apply(arguments: StrReplace, files: Files) -> ToolOutcome:
    path = arguments.path
    try:
        before = read_text(files, path)
        replaced = edited(before, arguments)
        if replaced.content == before:
            text = unchanged(replaced)
            return (
                failure(text, file=path)
                if replaced.failed
                else success({"file": path, "message": text})
            )
        files.write(path, encode(replaced.content))
    except FileRefused as refused:
        return failure(refusal(refused), file=path)
    done = "String replace applied successfully."
    return success({"file": path, "message": "\n\n".join([*replaced.notes, done])})


def edited(before: str, arguments: StrReplace) -> Replaced:
    """Return a file's text with the replacements made; its line ends stay what they are."""
    changes = [
        Replacement(unix_lines(change.old), unix_lines(change.new), change.allowMultiple)
        for change in arguments.replacements
    ]
    plain = unix_lines(before)
    replaced = replace_all(plain, changes)
    content = before if replaced.content == plain else like(before, replaced.content)
    return replace(replaced, content=content)


def unchanged(replaced: Replaced) -> str:
    """Return what to say of replacements that left the file as it is."""
    return "\n\n".join([*replaced.notes, "No change to the file"])


def refusal(refused: FileRefused) -> str:
    """Return what to say of a file that cannot be edited."""
    if refused.reason == "missing":
        return (
            "The file does not exist, skipping. Please use the write_file tool to create the file."
        )
    return str(refused)


TOOL = TypedTool(
    "str_replace", StrReplace, ToolFacts(access="write", retry_safety="idempotent"), str_replace
)
