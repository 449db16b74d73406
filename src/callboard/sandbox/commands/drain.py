"""Reading what a command prints, while it prints."""

import asyncio
import os

from callboard.sandbox.commands.output import Captured

_PIECE = 1 << 16


class Drain:
    """The reading end of a command's output. `sink` takes the pieces."""

    def __init__(self, sink: Captured) -> None:
        self._sink = sink
        self._loop = asyncio.get_running_loop()
        self.closed: asyncio.Future[None] = self._loop.create_future()
        self._readable, self.writable = os.pipe()
        os.set_blocking(self._readable, False)
        self._loop.add_reader(self._readable, self._more)

    def begun(self) -> None:
        """Close our own copy of the end that the command writes to."""
        if self.writable >= 0:
            os.close(self.writable)
            self.writable = -1

    def close(self) -> None:
        """Read no more. Idempotent."""
        self.begun()
        if not self.closed.done():
            self._loop.remove_reader(self._readable)
            os.close(self._readable)
            self.closed.set_result(None)

    def _more(self) -> None:
        try:
            piece = os.read(self._readable, _PIECE)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if piece:
            self._sink.feed(piece)
        else:
            self.close()
