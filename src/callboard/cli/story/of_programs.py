"""What programs say, and what the engine does to a conversation."""

from callboard.cli.plain import one_line, plain
from callboard.cli.story.line import Piece
from callboard.cli.text import dollars
from callboard.domain.events.conversation import ContextCompacted
from callboard.domain.events.program import (
    ProgramEnded,
    ProgramLog,
    ProgramYielded,
    SampleCompleted,
    SampleFailed,
)
from callboard.domain.events.union import AnyEvent

_WORTH_SAYING = ("info", "warn", "error")


def programs(event: AnyEvent) -> list[Piece]:
    """Return the pieces for an event."""
    match event:
        case ProgramYielded():
            said = [_log(line) for line in event.logs if line.level in _WORTH_SAYING]
            text = plain(event.message.text).strip() if event.message and event.shown else ""
            return [*said, *([Piece(text, "said")] if text else [])]
        case ProgramEnded():
            return [_log(line) for line in event.logs if line.level in _WORTH_SAYING]
        case SampleCompleted():
            return [
                Piece(f"draft {event.index + 1} written", "note", outcome=dollars(event.cost_usd))
            ]
        case SampleFailed():
            text = f"draft {event.index + 1} failed: {one_line(event.failure.message, 200)}"
            return [Piece(text, "bad")]
        case ContextCompacted():
            sizes = f"about {event.tokens_before} tokens are now {event.tokens_after}"
            return [Piece("shortened the conversation", "note", outcome=sizes)]
        case _:
            return []


def _log(line: ProgramLog) -> Piece:
    text = line.message or (line.data if isinstance(line.data, str) else str(line.data))
    return Piece(one_line(text, 200), "bad" if line.level == "error" else "note")
