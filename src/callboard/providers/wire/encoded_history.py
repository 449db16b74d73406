"""Bytes of messages, encoded once: a turn pays for its new messages only."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

from callboard.domain.message import Message
from callboard.ports.model import ModelRequest
from callboard.providers.wire.history import closing


class MessageEncoder(Protocol):
    """Gives a message's bytes, which depend on it and on the message before it only."""

    def __call__(self, previous: Message | None, message: Message, *, marked: bool) -> bytes:
        """Return the bytes of `message`, whether or not with a prompt cache mark."""
        ...


@dataclass(slots=True)
class _Encoded:
    messages: tuple[Message, ...] = ()
    body: bytes = b""
    last_start: int = 0


class EncodedHistory:
    """Remembers the bytes of each conversation's stable messages.

    The check that a conversation goes on is a comparison of tuples of identical objects, which never
    leaves C; what is new is encoded and joined to the bytes that are there.

    Args:
        max_conversations: the least recently used ones beyond this are forgotten.
        max_bytes: the same bound for their bytes together.
    """

    def __init__(self, max_conversations: int = 512, max_bytes: int = 128 * 1024 * 1024) -> None:
        self._entries: OrderedDict[tuple[str, str], _Encoded] = OrderedDict()
        self._max_conversations = max_conversations
        self._max_bytes = max_bytes
        self._bytes = 0

    def pieces(
        self, request: ModelRequest, variant: str, encode: MessageEncoder, *, mark: bool = False
    ) -> list[bytes]:
        """Return the bytes of all messages, to be joined.

        Args:
            request: the turn's request.
            variant: names everything but the messages that `encode` depends on.
            encode: gives a message's bytes.
            mark: whether the last stable message carries a prompt cache mark.
        """
        stable = max(0, min(request.stable, len(request.messages)))
        known = self._stable_bytes(request, stable, variant, encode)
        pieces = [known.body]
        if mark and stable:
            before = request.messages[stable - 2] if stable > 1 else None
            marked = encode(before, request.messages[stable - 1], marked=True)
            pieces = [known.body[: known.last_start], marked]
        previous = request.messages[stable - 1] if stable else None
        for message in (*request.messages[stable:], *closing(request.messages)):
            pieces.append(encode(previous, message, marked=False))
            previous = message
        return pieces

    def _stable_bytes(
        self, request: ModelRequest, stable: int, variant: str, encode: MessageEncoder
    ) -> _Encoded:
        key = (request.conversation, variant)
        entry = self._entries.pop(key, None) or _Encoded()
        self._bytes -= len(entry.body)
        known = len(entry.messages)
        if known > stable or request.messages[:known] != entry.messages:
            entry, known = _Encoded(), 0
        if known < stable:
            _extend(entry, request.messages[:stable], encode)
        self._entries[key] = entry
        self._bytes += len(entry.body)
        self._forget()
        return entry

    def _forget(self) -> None:
        while len(self._entries) > 1 and (
            len(self._entries) > self._max_conversations or self._bytes > self._max_bytes
        ):
            _, oldest = self._entries.popitem(last=False)
            self._bytes -= len(oldest.body)


def _extend(entry: _Encoded, messages: tuple[Message, ...], encode: MessageEncoder) -> None:
    known = len(entry.messages)
    previous = messages[known - 1] if known else None
    added: list[bytes] = []
    for message in messages[known:]:
        added.append(encode(previous, message, marked=False))
        previous = message
    entry.body = b"".join((entry.body, *added))
    entry.last_start = len(entry.body) - len(added[-1])
    entry.messages = messages
