"""Compaction: a conversation that grew too long becomes a summary of itself. Pure, without a model."""

from datetime import timedelta

from callboard.domain.definition.agent import CompactContext
from callboard.domain.events.conversation import ContextCompacted
from callboard.domain.message import MediaPart, Message, user_message
from callboard.domain.run.state import RunState
from callboard.domain.run.tags import INSTRUCTIONS_PROMPT, USER_PROMPT
from callboard.engine.summary import SUMMARY, entries_of, summary_text
from callboard.engine.tokens import tokens_in, tokens_of

DEFAULT_LENGTH = 180_000
"""Tokens; fits the models with the smaller windows of the day and leaves room for an answer."""

_CACHE_EXPIRY_MS = 30 * 60 * 1000
_CACHE_EXPIRY_TOKENS = 140_000
_MARGIN = 1_000
_WORTH_IT = 0.8

_GO_ON = (
    "<system>The conversation before this was summarised to save room. Go on with the task where the "
    "summary ends; what it says is done need not be done again.</system>"
)


def due_compaction(state: RunState) -> ContextCompacted | None:
    """Return the compaction that must come before the next request, or None.

    One that would save little is left alone: it would come again before every request.
    """
    wish = state.subject.definition.compact_context
    if wish is False:
        return None
    options = wish if isinstance(wish, CompactContext) else CompactContext()
    before = tokens_of(state.messages) + tokens_in(state.subject.system)
    if not _is_due(state, options, before):
        return None
    messages = compacted(state.messages)
    after = tokens_of(messages) + tokens_in(state.subject.system)
    if after > before * _WORTH_IT:
        return None
    return ContextCompacted(messages=messages, tokens_before=before, tokens_after=after)


def compaction_now(state: RunState, limit: int | None) -> ContextCompacted:
    """Return the compaction that an agent asks for: of the conversation that it was spawned into where it
    works inline, without the words that called it, and of its own otherwise. Within the limit nothing is
    summarised.
    """
    base = state.messages[: state.own_from] if state.subject.inline else state.messages
    most = DEFAULT_LENGTH if limit is None else limit
    before = tokens_of(base)
    messages = compacted(base) if before > most else base
    return ContextCompacted(
        messages=messages, tokens_before=before, tokens_after=tokens_of(messages)
    )


def _is_due(state: RunState, options: CompactContext, tokens: int) -> bool:
    if tokens + _MARGIN > (options.max_context_length or DEFAULT_LENGTH):
        return True
    if state.answered_at is None:
        return False
    expiry = _CACHE_EXPIRY_MS if options.cache_expiry_ms is None else options.cache_expiry_ms
    least = options.cache_expiry_min_tokens
    enough = tokens > (_CACHE_EXPIRY_TOKENS if least is None else least)
    return enough and state.at - state.answered_at > timedelta(milliseconds=expiry)


def compacted(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Return a summary of the conversation, then the instructions, then what the agent is to go on with:
    the person's last message, or, where the agent was at work on it already, a word to go on.
    """
    live = _live_prompt(messages)
    told = messages if live is None else messages[:-1]
    instructions = [message for message in messages if INSTRUCTIONS_PROMPT in message.tags][-1:]
    said = [message for message in told if INSTRUCTIONS_PROMPT not in message.tags]
    summary = user_message(summary_text(entries_of(said)), SUMMARY)
    if live is None:
        summary = summary.model_copy(update={"parts": (*summary.parts, *_last_images(said))})
    return (summary, *instructions, live or user_message(_GO_ON))


def _live_prompt(messages: tuple[Message, ...]) -> Message | None:
    """Return the person's last message where nothing was done about it yet."""
    spoken = [message for message in messages if INSTRUCTIONS_PROMPT not in message.tags]
    last = spoken[-1] if spoken else None
    is_live = last is not None and USER_PROMPT in last.tags and last is messages[-1]
    return last if is_live else None


def _last_images(messages: list[Message]) -> tuple[MediaPart, ...]:
    for message in reversed(messages):
        images = tuple(part for part in message.parts if isinstance(part, MediaPart))
        if message.role == "user" and images:
            return images
    return ()
