"""The only way out of the browser: a proxy that judges every connection, redirects and sockets included.

What the browser itself would do is not enough: it follows redirects without asking, and resolves names
once more than whoever checked them.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from callboard.engine.hosts import authority
from callboard.web_access.egress.heads import LARGEST_HEAD, Head
from callboard.web_access.egress.policy import canonical_host
from callboard.web_access.egress.proxy import Connections, Destination

Addresses = Callable[[str, int], Awaitable[Sequence[str]]]

_HTTP_PORT = 80


@asynccontextmanager
async def proxy(addresses: Addresses, socket_path: Path | None = None) -> AsyncGenerator[str]:
    """Run a proxy while the block runs; give its `host:port`, or the path of its socket.

    Args:
        addresses: from host and port to where to connect to; raises WebFailed for a refusal.
        socket_path: where to listen; None: a free port of this machine.
    """

    async def judge(head: Head) -> Destination:
        host = canonical_host(head.host)
        found = await addresses(host, head.port)
        named = authority(host, head.port, _HTTP_PORT)
        return Destination(found, head.port, b"" if head.tunnel else head.opening(named))

    connections = Connections(judge)
    if socket_path is not None:
        server = await asyncio.start_unix_server(
            connections.accept, socket_path, limit=LARGEST_HEAD
        )
        place = str(socket_path)
    else:
        server = await asyncio.start_server(connections.accept, "127.0.0.1", 0, limit=LARGEST_HEAD)
        place = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield place
    finally:
        server.close()
        await connections.close()
