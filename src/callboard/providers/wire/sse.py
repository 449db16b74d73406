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
        lines = text.splitlines()
        if text.endswith(b"\n"):
            self._pieces, self._pending = [], 0
        else:
            # A CR at the very end may be half of a CRLF, so that line waits like any unfinished one.
            rest = lines.pop() + (b"\r" if text.endswith(b"\r") else b"")
            self._pieces, self._pending = [rest], len(rest)
        return self._events(lines)

    def finish(self) -> list[bytes]:
        """Return the data of the events that only the end of the stream completes."""
        rest, self._pieces = b"".join(self._pieces), []
        return self._events([*rest.splitlines(), b""])

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
        event = self._event
        for line in lines:
            if line:
                if line.startswith(b"data: "):
                    event.append(line[6:])
                elif line.startswith(b"data:"):
                    event.append(line[5:])
            elif event:
                events.append(event[0] if len(event) == 1 else b"\n".join(event))
                event.clear()
        return events
