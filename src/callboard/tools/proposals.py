"""Changes that are proposed and not made: earlier ones of the run, laid over what is on disk."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from callboard.domain.message import JsonObject, Message, ToolCallPart, ToolResultPart
from callboard.ports.tools import ArgumentsInvalid, ToolContext, ToolOutcome
from callboard.ports.workspace import FileRefused
from callboard.tools.arguments import Arguments, fit
from callboard.tools.diffs import unified_diff
from callboard.tools.outcomes import failure, success
from callboard.tools.paths import is_writable_text, same_path
from callboard.tools.str_replace.tool import UNWRITABLE as UNWRITABLE_CHANGE
from callboard.tools.str_replace.tool import StrReplace, edited, is_writable, unchanged
from callboard.tools.write_file.tool import WriteFile
from callboard.tools.write_file.writing import SAME, UNWRITABLE, meant_content, old_text

WRITE, REPLACE = "propose_write_file", "propose_str_replace"


class ProposalRefused(Exception):
    """The change cannot be made; the message is for the model."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """A file's text with the change made, and what is to be said of it."""

    content: str
    message: str


Change = Callable[[str | None], Proposed]
"""Makes a change of a text (None: no such file). Raises ProposalRefused."""


def written(arguments: WriteFile) -> Change:
    """Return the change that writing a whole file is."""

    def change(old: str | None) -> Proposed:
        if not is_writable_text(arguments.content):
            raise ProposalRefused(UNWRITABLE)
        new = meant_content(old, arguments.content)
        if new is None:
            raise ProposalRefused(SAME)
        kind = "new file" if old is None else "file"
        return Proposed(new, f"Proposed the content of a {kind}; nothing was written.")

    return change


def replaced(arguments: StrReplace) -> Change:
    """Return the change that replacing text is."""

    def change(old: str | None) -> Proposed:
        if not is_writable(arguments):
            raise ProposalRefused(UNWRITABLE_CHANGE)
        if old is None:
            raise ProposalRefused(
                f"The file does not exist, skipping. Please use the {WRITE} tool to propose it."
            )
        result = edited(old, arguments)
        if result.content == old:
            raise ProposalRefused(unchanged(result))
        done = "Proposed the replacement; nothing was written."
        return Proposed(result.content, "\n\n".join([*result.notes, done]))

    return change


def propose(path: str, change: Change, context: ToolContext) -> ToolOutcome:
    """Return what a file would be after a change that follows the run's earlier proposals."""
    try:
        old = old_text(context.workspace.files, path)
        for earlier in _earlier(context, same_path(path)):
            old = _or_unchanged(earlier, old)
        proposed = change(old)
    except (FileRefused, ProposalRefused) as refused:
        return failure(str(refused), file=path)
    diff = unified_diff(path, old, proposed.content)
    return success({"file": path, "message": proposed.message, "unifiedDiff": diff})


def _or_unchanged(change: Change, old: str | None) -> str | None:
    """A proposal that no longer fits what is on disk counts for nothing."""
    try:
        return change(old).content
    except ProposalRefused:
        return old


def _earlier(context: ToolContext, path: str) -> Iterator[Change]:
    """Yield the proposals for a path that were made before this call, in order."""
    for index, message in enumerate(context.messages):
        results = _results(context.messages[index + 1 :])
        mine = any(call.call_id == context.call_id for call in message.tool_calls) and not results
        for call in message.tool_calls:
            if mine and call.call_id == context.call_id:
                return
            result = results.get(call.call_id)
            succeeded = result is not None and not result.is_error
            if succeeded or (mine and result is None):  # calls of one answer may still be under way
                yield from _change(call, path)


def _results(following: tuple[Message, ...]) -> dict[str, ToolResultPart]:
    """Return the results that belong to one answer: call ids are unique in their message only."""
    results: dict[str, ToolResultPart] = {}
    for message in following:
        if message.role == "assistant":
            break
        for part in message.parts:
            if isinstance(part, ToolResultPart):
                results[part.call_id] = part
    return results


def _change(call: ToolCallPart, path: str) -> Iterator[Change]:
    model = {WRITE: WriteFile, REPLACE: StrReplace}.get(call.tool)
    arguments = _fitted(model, call.arguments) if model and call.arguments else None
    match arguments:
        case WriteFile() if same_path(arguments.path) == path:
            yield written(arguments)
        case StrReplace() if same_path(arguments.path) == path:
            yield replaced(arguments)
        case _:
            pass


def _fitted(model: type[Arguments], arguments: JsonObject) -> Arguments | None:
    try:
        return model.model_validate(fit(model, arguments))
    except ArgumentsInvalid:
        return None
