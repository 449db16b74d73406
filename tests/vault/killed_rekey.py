"""Processes that are killed while they change the deployment key: `killed_rekey.py HOME COPIES`.

What the change asks of the operating system and of the database is counted once, on a copy of HOME. Then, for every one of
these moments, a process of its own begins the change on a copy of its own, COPIES/0, COPIES/1, …, and is killed right before
that moment. A line is printed for each: what it was about to do.
"""

import asyncio
import os
import shutil
import signal
import sqlite3
import sys
import threading
from pathlib import Path

from callboard.bootstrap import Sources, build_app
from callboard.domain.actor import Actor
from callboard.domain.org.principal import as_owner
from callboard.settings import read_settings
from callboard.usecases.credentials import rekey_credentials

WRITES = {"open", "write", "flush", "fsync", "rename", "link", "unlink", "flock", "close"}
ROOT = as_owner(Actor(kind="person", name="root"))


class Moments:
    """Counts what is asked for from `begin` on, and kills the process before the one of a number."""

    def __init__(self, last: int | None) -> None:
        self.last = last
        self.met: list[str] = []
        self._counts = False
        self._lock = threading.Lock()

    def begin(self):
        self._counts = True

    def __call__(self, frame, event, called):
        if event != "c_call" or not self._counts:
            return
        name, owner = called.__name__, getattr(called, "__self__", None)
        of_database = isinstance(owner, sqlite3.Connection) and name.startswith("execute")
        of_system = name in WRITES and (
            getattr(called, "__module__", None) in ("posix", "fcntl")
            or "_io" in type(owner).__module__
        )
        if not of_database and not of_system:
            return
        with self._lock:
            self.met.append(name)
            if len(self.met) - 1 == self.last:
                os.kill(os.getpid(), signal.SIGKILL)


async def change(home, moments):
    app = await build_app(
        read_settings({"CALLBOARD_HOME": str(home), "CALLBOARD_KEYRING": "off"}), Sources()
    )
    moments.begin()
    await rekey_credentials(app, ROOT)
    await app.close()


def changed(home, copies, number):
    """Change the key on a copy, in a process of its own; return what it met and how it ended."""
    copy = Path(copies, str(number))
    shutil.copytree(home, copy)
    told, tells = os.pipe()
    child = os.fork()
    if child == 0:
        moments = Moments(None if number == "whole" else number)
        threading.setprofile(moments)
        sys.setprofile(moments)
        asyncio.run(change(copy, moments))
        sys.setprofile(None)
        os.write(tells, " ".join(moments.met).encode())
        os._exit(0)
    os.close(tells)
    with os.fdopen(told, "rb") as answer:
        met = answer.read().decode().split()
    return met, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(home, copies):
    met, code = changed(home, copies, "whole")
    assert code == 0
    for number, name in enumerate(met):
        _, code = changed(home, copies, number)
        sys.stdout.write(f"{name} {code}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
