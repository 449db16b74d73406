"""What monitoring asks of a process, on a port of its own."""

# ruff: noqa: PLC0415 - monitoring is imported where it is switched on

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncGenerator, Generator
from typing import Final

from callboard.domain.errors import ConfigurationInvalid
from callboard.settings import Settings
from callboard.usecases.app import App
from callboard.usecases.health import readiness
from callboard.usecases.rounds import Hand

_log: Final = logging.getLogger("callboard.monitoring")


@contextlib.asynccontextmanager
async def probed(
    settings: Settings, version: str, app: App, hand: Hand | None
) -> AsyncGenerator[None]:
    """Answer `/healthz`, `/readyz` and `/metrics` while the block lasts, where CALLBOARD_PROBES says so. `hand` is who
    works in this process; None: nobody shall.

    Raises:
        ConfigurationInvalid: the address cannot be listened on.
    """
    if settings.probes is None:
        yield
        return
    from callboard.entrance.probes import Probes
    from callboard.telemetry.monitoring import Monitoring

    live = app.ports.live
    monitoring = Monitoring(
        version=version,
        store=app.ports.store,
        operations=app.operations,
        limiter=app.ports.slots.limiter,
        watching=live.watching,
        timing=live.timing,
    )
    probes = Probes(lambda: readiness(app, hand), monitoring.text, settings.url)
    with contextlib.closing(_bound(*settings.probes)) as listening:
        await monitoring.start()
        _log.info("monitoring may ask on port %d", listening.getsockname()[1])
        try:
            async with _served(probes, listening):
                yield
        finally:
            await monitoring.stop()


@contextlib.asynccontextmanager
async def _served(site: object, listening: socket.socket) -> AsyncGenerator[None]:
    import uvicorn

    class Server(uvicorn.Server):
        """A server that leaves signals to the process."""

        @contextlib.contextmanager
        def capture_signals(self) -> Generator[None]:
            """Capture none."""
            yield

    config = uvicorn.Config(
        site,  # pyright: ignore[reportArgumentType] - any ASGI application
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
    server = Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.gather(serving, return_exceptions=True)


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen()
    except OSError as error:
        listening.close()
        raise ConfigurationInvalid(
            f"CALLBOARD_PROBES: {host}:{port} cannot be listened on: {error.strerror}; use another port"
        ) from None
    return listening
