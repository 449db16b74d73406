"""What a command printed: bounded while it comes in, plain text when it goes out."""

import re

_ESCAPES = re.compile(
    r"\x1b\][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # OSC: titles, links, the clipboard
    r"|\x1b[PX^_][^\x1b\x9c]*(?:\x1b\\|\x9c)?"  # DCS, SOS, PM, APC
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # CSI: colours, cursor
    r"|\x1b[ -/]*[0-~]?"  # the rest
)
_LINE_ENDS = re.compile(r"\r+\n?|\x85")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


class Captured:
    """Keeps the first `head` and the last `tail` bytes of a stream, whatever its length."""

    def __init__(self, head: int, tail: int) -> None:
        self._head_size = head
        self._tail_size = tail
        self._head = bytearray()
        self._tail = bytearray()
        self._dropped = 0

    def feed(self, piece: bytes) -> None:
        """Take the next piece."""
        room = self._head_size - len(self._head)
        if room > 0:
            self._head += piece[:room]
            piece = piece[room:]
        self._tail += piece
        surplus = len(self._tail) - self._tail_size
        if surplus > self._tail_size or (surplus > 0 and not self._tail_size):
            self._trim(surplus)

    def text(self) -> str:
        """Return what was kept, decoded, with a note where something is missing."""
        surplus = len(self._tail) - self._tail_size
        if surplus > 0:
            self._trim(surplus)
        head = self._head.decode(errors="replace")
        if not self._dropped:
            return (bytes(self._head) + bytes(self._tail)).decode(errors="replace")
        note = f"\n\n[{self._dropped} bytes of output left out]\n\n" if self._tail_size else ""
        return head + note + self._tail.decode(errors="replace")

    def _trim(self, surplus: int) -> None:
        del self._tail[:surplus]
        self._dropped += surplus


def plain(text: str) -> str:
    """Return text without terminal escapes and control characters; every line ends in a newline."""
    return _CONTROLS.sub("", _LINE_ENDS.sub("\n", _ESCAPES.sub("", text)))
