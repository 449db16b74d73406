"""The conversation as it passes from a parent to its children."""

from callboard.domain.events.child_run import HistoryChange
from callboard.domain.message import Message, TextPart


def handed_down(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Return the conversation as a child sees it: up to the spawning call, with the text before it."""
    kept = [message for message in messages if message.expires is None]
    if kept and kept[-1].tool_calls:
        text = kept.pop().text
        if text.strip():
            kept.append(Message(role="assistant", parts=(TextPart(text=text),)))
    return tuple(kept)


def history_change(given: tuple[Message, ...], left: tuple[Message, ...]) -> HistoryChange:
    """Return what was made of a conversation, as the difference between `given` and `left`."""
    kept = 0
    for before, after in zip(given, left, strict=False):
        if before != after:
            break
        kept += 1
    return HistoryChange(kept=kept, added=left[kept:])
