"""Asking the person at the terminal."""

import sys

from callboard.cli.activity import describe_change, plain
from callboard.cli.process import say
from callboard.domain.actor import Actor
from callboard.domain.events.files import FilesChanged
from callboard.domain.events.gate import Verdict
from callboard.runtime.run_log import load
from callboard.usecases.app import App
from callboard.usecases.diff import diff_of
from callboard.usecases.gates import OpenGate

_CHOICES = "[a]pprove, [r]eject, [d]iff, [l]ater"


def can_ask() -> bool:
    """Return whether there is a person at a terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()


async def ask(app: App, actor: Actor, gate: OpenGate) -> tuple[Verdict, str] | None:
    """Show what is to be decided and return the decision with its note, or None to leave it for later."""
    say(f"\n{plain(gate.gate.question)}")
    await _show_changes(app, gate)
    while True:
        answer = _read(f"{_CHOICES}: ").strip().lower()
        match answer[:1]:
            case "a":
                return "approve", ""
            case "r":
                return "reject", _read("What should change? ").strip()
            case "d" | "s":
                say(plain(await diff_of(app, actor, gate.row.run_id)) or "Nothing was changed.")
            case "l" | "q":
                return None
            case _:
                say(f"Please answer with one of: {_CHOICES}")


async def _show_changes(app: App, gate: OpenGate) -> None:
    entries = await load(app.ports.store, gate.row.run_id)
    recorded = [entry.event for entry in entries if isinstance(entry.event, FilesChanged)]
    for change in recorded[-1].changes if recorded else ():
        say(f"  {describe_change(change)}")


def _read(prompt: str) -> str:
    sys.stderr.write(prompt)
    sys.stderr.flush()
    line = sys.stdin.readline()
    return line or "later"  # the terminal went away
