"""Writing a whole file, as every tool that does so does it."""

import re

from callboard.ports.tools import ToolOutcome
from callboard.ports.workspace import FileRefused, Files
from callboard.tools.outcomes import failure, success
from callboard.tools.paths import encode, is_writable_text, like, read_text, unix_lines

SAME = "The new content was the same as the old content, skipping."
UNWRITABLE = "The content has a lone surrogate, which no file can hold; write it differently."
_FENCED = re.compile(r"\s*(?P<fence>`{3,})[^\n`]*\n(?P<content>.*?\n?)(?P=fence)\s*", re.DOTALL)


def write_text(files: Files, path: str, content: str) -> ToolOutcome:
    """Make `content` the whole of a file and say what came of it."""
    if not is_writable_text(content):
        return failure(UNWRITABLE, file=path)
    try:
        old = old_text(files, path)
        new = meant_content(old, content)
        if new is None:
            return failure(SAME, file=path)
        is_new = files.write(path, encode(new))
    except FileRefused as refused:
        return failure(f"Failed to write to file: {refused}", file=path)
    done = "Created file successfully." if is_new else "Overwrote file successfully."
    return success({"file": path, "message": done})


def old_text(files: Files, path: str) -> str | None:
    """Return the present content, None where there is no file, and "" where it is not text.

    Raises:
        FileRefused: the path cannot be used.
    """
    try:
        return read_text(files, path)
    except FileRefused as refused:
        if refused.reason == "missing":
            return None
        if refused.reason in {"not_text", "too_large"}:
            return ""
        raise


def meant_content(old: str | None, content: str) -> str | None:
    """Return what a model's content makes of a file (`old` None: a new one); None: it changes nothing."""
    text = content.removeprefix("\n")
    if old is None:
        return unfenced(text)
    return None if unix_lines(old) == unix_lines(text) else like(old, text)


def unfenced(content: str) -> str:
    """Return what is in a code fence, if the fence is all there is."""
    match = _FENCED.fullmatch(content)
    if match is None or match["fence"] in match["content"]:
        return content
    return match["content"]
