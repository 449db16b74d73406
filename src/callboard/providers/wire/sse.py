"""Server-sent events from byte blocks: any number of events a block, any split between blocks."""

from callboard.providers.wire.failures import failure

_BOM = b"\xef\xbb\xbf"
MAX_EVENT_BYTES = 64 * 1024 * 1024


class SseParser:
    """Turns byte blocks into the `data` of events.

    Lines end in LF, CRLF or CR. Comments (keep-alives) and fields other than `data` are skipped: no
    vendor needs them, their JSON says what it is.
    """

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._pending = 0
        self._event: list[bytes] = []
        self._started = False

    def feed(self, block: bytes) -> list[bytes]:
        """Return the data of every event that `block` completes.

        Raises:
            ModelError: an event grows beyond any sensible size.
        """
        if b"\n" not in block and b"\r" not in block:
            self._hold(block)
            return []
        text = b"".join((*self._pieces, block)) if self._pieces else block
        lines = text.splitlines(keepends=True)
        # A CR at the very end may be half of a CRLF, so that line waits like any unfinished one.
        rest = b"" if lines[-1].endswith(b"\n") else lines.pop()
        self._pieces = [rest] if rest else []
        self._pending = len(rest)
        return self._events(lines)

    def finish(self) -> list[bytes]:
        """Return the data of the events that only the end of the stream completes."""
        rest, self._pieces = b"".join(self._pieces), []
        return self._events([*rest.splitlines(keepends=True), b"\n"])

    def _hold(self, block: bytes) -> None:
        self._pending += len(block)
        if self._pending > MAX_EVENT_BYTES:
            raise failure("malformed_answer", "The model's answer holds an endless line.")
        if block:
            self._pieces.append(block)

    def _events(self, lines: list[bytes]) -> list[bytes]:
        if lines and not self._started:
            self._started = True
            lines[0] = lines[0].removeprefix(_BOM)
        events: list[bytes] = []
        for ended_line in lines:
            line = ended_line.rstrip(b"\r\n")
            if line:
                if line.startswith(b"data:"):
                    self._event.append(line[6:] if line[5:6] == b" " else line[5:])
            elif self._event:
                events.append(self._event[0] if len(self._event) == 1 else b"\n".join(self._event))
                self._event.clear()
        return events
