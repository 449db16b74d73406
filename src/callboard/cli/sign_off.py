"""Asking the person at the terminal."""

import asyncio
import os
import sys

from callboard.cli.calls import describe_changes
from callboard.cli.streams import ERR, say
from callboard.domain.events.gate import Verdict
from callboard.domain.org.principal import Principal
from callboard.runtime.reading import load
from callboard.usecases.app import App
from callboard.usecases.diff import diff_of, last_files
from callboard.usecases.gates import OpenGate

_CHOICES = "[a]pprove, [r]eject, show [d]iff, [l]ater"
_LONGEST_LINE = 64 * 1024


def can_ask() -> bool:
    """Return whether there is a person at a terminal."""
    has_input = sys.stdin is not None and sys.stdin.isatty()
    return has_input and ERR.isatty()


async def ask(app: App, who: Principal, gate: OpenGate) -> tuple[Verdict, str] | None:
    """Show what is to be decided and return the decision with its note, or None to leave it for later."""
    say(f"\n{gate.gate.question}")
    await _show_changes(app, gate)
    while True:
        answer = (await _read(f"{_CHOICES}: ")).strip().lower()
        match answer[:1]:
            case "a":
                return "approve", ""
            case "r":
                return "reject", (await _read("What should change? ")).strip()
            case "d" | "s":
                say(await diff_of(app, who, gate.row.run_id) or "Nothing was changed.")
            case "l" | "q":
                return None
            case _:
                say(f"Please answer with one of: {_CHOICES}")


async def _show_changes(app: App, gate: OpenGate) -> None:
    entries = await load(app.ports.store, gate.row.run_id)
    last = last_files(entries)
    for line in describe_changes(last.changes) if last is not None else ():
        say(f"  {line}")


async def _read(prompt: str) -> str:
    """Read a line from the terminal without keeping anything else, Ctrl-C above all, from being heard."""
    ERR.write(prompt)
    ERR.flush()
    loop = asyncio.get_running_loop()
    line: asyncio.Future[str] = loop.create_future()
    source = sys.stdin.fileno()

    def take() -> None:
        loop.remove_reader(source)
        if not line.done():
            line.set_result(_typed(source))

    loop.add_reader(source, take)
    try:
        return await line or "later"  # the terminal went away
    finally:
        loop.remove_reader(source)


def _typed(source: int) -> str:
    try:
        return os.read(source, _LONGEST_LINE).decode(errors="replace")
    except OSError:
        return ""
