"""`callboard serve`: the HTTP API, in one process."""

import asyncio
import contextlib
import ipaddress
import logging
import signal
import socket
from collections.abc import Generator
from typing import Annotated, Final

import typer
import uvicorn

from callboard import __version__
from callboard.bootstrap import Sources, build_app
from callboard.bootstrap.serving import open_site
from callboard.cli.process import DONE, INTERRUPTED, guarded, settings
from callboard.cli.streams import give, say
from callboard.domain.errors import ConfigurationInvalid
from callboard.settings import Settings
from callboard.usecases.first_owner import new_setup_link

app = typer.Typer(rich_markup_mode=None, add_completion=False)
_GRACE_S: Final = 10


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port; 0 takes one that is free.")
    ] = 8080,
) -> None:
    """Serve the HTTP API until the process is told to end."""

    def body() -> int:
        config = settings()
        _check_host(config, host)
        with contextlib.closing(_bound(host, port)) as listening:
            return asyncio.run(_serve(config, listening))

    guarded(body)


def _check_host(config: Settings, host: str) -> None:
    """Refuse to listen for others without a name that they use: every Host header is compared with it."""
    if not _is_loopback(host) and config.url is None:
        raise ConfigurationInvalid(
            f"--host {host} is open to others: set CALLBOARD_URL to the address that they use, such as"
            " https://callboard.example.org"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ConfigurationInvalid(f"--host {host}: {error.strerror}") from None
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
        listening.listen()
    except OSError as error:
        listening.close()
        raise ConfigurationInvalid(
            f"{host}:{port} cannot be listened on: {error.strerror}; use another --port"
        ) from None
    return listening


class _Server(uvicorn.Server):
    """A server that leaves signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none."""
        yield


async def _serve(config: Settings, listening: socket.socket) -> int:
    _log_to_stderr()
    stopping = asyncio.Event()
    local = _is_loopback(listening.getsockname()[0])
    server = _Server(
        uvicorn.Config(
            open_site(config, __version__, stopping, for_this_machine=local),
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
    await _announce(config, listening)
    await server.serve(sockets=[listening])
    return code


async def _announce(config: Settings, listening: socket.socket) -> None:
    """Say where it is, and how the first owner gets in."""
    name, port = listening.getsockname()[:2]
    place = config.url or f"http://{f'[{name}]' if ':' in name else name}:{port}"
    app = await build_app(config, Sources())
    try:
        link = await new_setup_link(app)
    finally:
        await app.close()
    say(f"Callboard listens on {place}")
    if link is not None:
        say("Nobody is here yet. The first owner begins at this link, within an hour, once:")
        give(f"{place}/setup?link={link}")


def _log_to_stderr() -> None:
    written = logging.StreamHandler()
    written.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.getLogger("callboard").addHandler(written)
    logging.getLogger("callboard").setLevel(logging.INFO)
    logging.getLogger("uvicorn.error").addHandler(written)
