"""Serving a site on a socket: its signals, its log, and what is said when it is there."""

import asyncio
import contextlib
import ipaddress
import signal
import socket
from collections.abc import Generator
from typing import Final

import uvicorn

from callboard import __version__
from callboard.bootstrap import Sources, build_app
from callboard.bootstrap.serving import Rehearsal, open_site
from callboard.cli.log import log_to_stderr
from callboard.cli.process import DONE, INTERRUPTED
from callboard.cli.streams import OUT, give, say
from callboard.settings import Settings
from callboard.usecases.first_owner import new_setup_link

_GRACE_S: Final = 10


def is_loopback(host: str) -> bool:
    """Return whether a name or address is this very machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _Server(uvicorn.Server):
    """A server that leaves signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none."""
        yield


async def serve_on(
    config: Settings,
    listening: socket.socket,
    rehearsal: Rehearsal | None = None,
    *,
    with_worker: bool = True,
) -> int:
    """Serve on a socket until the process is told to end; return its exit code. `rehearsal`: it is a sample. Without
    `with_worker` it leaves tasks, and runs in private copies, to workers elsewhere.
    """
    log_to_stderr("uvicorn.error")
    stopping = asyncio.Event()
    local = is_loopback(listening.getsockname()[0])
    site = open_site(
        config,
        __version__,
        stopping,
        for_this_machine=local,
        with_worker=with_worker,
        rehearsal=rehearsal,
    )
    server = _Server(
        uvicorn.Config(
            site,
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_GRACE_S,
        )
    )
    code = DONE

    def stop(number: int) -> None:
        nonlocal code
        code = INTERRUPTED if number == signal.SIGINT else DONE
        server.force_exit = server.should_exit  # the second time
        server.should_exit = True
        stopping.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    if rehearsal is None:
        await _announce(config, listening)
    else:
        _announce_sample(config, listening)
    await server.serve(sockets=[listening])
    return code


async def _announce(config: Settings, listening: socket.socket) -> None:
    """Say where it is, and how the first owner gets in."""
    place = config.url or _address(listening)
    app = await build_app(config, Sources())
    try:
        link = await new_setup_link(app)
    finally:
        await app.close()
    say(f"Callboard listens on {place}")
    if link is not None:
        say("Nobody is here yet. The first owner begins at this link, within an hour, once:")
        give(f"{place}/setup?link={link}")


def _announce_sample(config: Settings, listening: socket.socket) -> None:
    say(
        f"Whoever opens this address on this machine is {config.user}, the owner, without a password:"
    )
    give(_address(listening))
    OUT.flush()


def _address(listening: socket.socket) -> str:
    name, port = listening.getsockname()[:2]
    return f"http://{f'[{name}]' if ':' in name else name}:{port}"
