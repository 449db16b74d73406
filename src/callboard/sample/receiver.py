"""Where the sample's webhooks arrive: on this machine, in this process."""

import asyncio
from types import TracebackType
from typing import Final, Self

_REFUSES: Final = b"/old-planner"
_LONGEST: Final = 64 * 1024


class Receiver:
    """Takes messages on a port of its own, and forgets them. One address of it is out of order. Use it as a context."""

    def __init__(self) -> None:
        self.url = ""
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_server(_take, "127.0.0.1", 0, limit=_LONGEST)
        name, port = self._server.sockets[0].getsockname()[:2]
        self.url = f"http://{name}:{port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()


async def _take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        status = (
            b"503 Service Unavailable"
            if _REFUSES in head.split(b"\r\n", 1)[0]
            else b"204 No Content"
        )
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        pass  # whoever sent it tries again
    finally:
        writer.close()
