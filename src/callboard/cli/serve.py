"""`callboard serve`: the screens and the HTTP API, in one process."""

import asyncio
import contextlib
import socket
from pathlib import Path
from typing import Annotated

import typer

from callboard.cli.process import guarded, settings
from callboard.cli.serve_sample import serve_sample
from callboard.cli.serving import is_loopback, serve_on
from callboard.domain.errors import ConfigurationInvalid
from callboard.settings import Settings

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port; 0 takes one that is free.")
    ] = 8080,
    *,
    work: Annotated[
        bool,
        typer.Option(
            "--worker/--no-worker",
            help="Drive tasks and runs too, or leave them to `callboard worker`.",
        ),
    ] = True,
    demo: Annotated[
        bool, typer.Option("--demo", help="Serve a sample organisation, which is gone afterwards.")
    ] = False,
    home: Annotated[
        Path | None,
        typer.Option(
            envvar="CALLBOARD_HOME",
            help="With --demo: an empty directory that the sample is left in.",
            show_envvar=False,
        ),
    ] = None,
    pace: Annotated[
        float,
        typer.Option(min=0, max=60, help="With --demo: how slowly models answer; 0: at once."),
    ] = 1.0,
) -> None:
    """Serve the screens and the HTTP API until the process is told to end."""

    def body() -> int:
        config = settings()
        if demo:
            _check_alone(host)
            with contextlib.closing(_bound(host, port)) as listening:
                return serve_sample(config, listening, home, pace)
        _check_host(config, host)
        with contextlib.closing(_bound(host, port)) as listening:
            return asyncio.run(serve_on(config, listening, with_worker=work))

    guarded(body)


def _check_host(config: Settings, host: str) -> None:
    """Refuse to listen for others without a name that they use: every Host header is compared with it."""
    if not is_loopback(host) and config.url is None:
        raise ConfigurationInvalid(
            f"--host {host} is open to others: set CALLBOARD_URL to the address that they use, such as"
            " https://callboard.example.org"
        )


def _check_alone(host: str) -> None:
    """Refuse to show a sample to others: whoever asks is its owner."""
    if not is_loopback(host):
        raise ConfigurationInvalid(
            f"--demo lets everybody in without a password: it listens on this machine only, not on {host}"
        )


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
