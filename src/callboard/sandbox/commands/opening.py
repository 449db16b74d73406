"""Starting the server of a jail."""

import asyncio
import os
import socket
import sys
import tempfile
from pathlib import Path
from typing import IO, Final

from callboard.domain.errors import SandboxUnavailable
from callboard.sandbox.commands import bubblewrap, landlock, seccomp
from callboard.sandbox.commands.jail import Jail
from callboard.sandbox.commands.launcher.task import Jail as Told
from callboard.sandbox.commands.policy import Kind, Policy

_START: Final = "import sys; sys.path.append(sys.argv[1]); from launcher.main import main; main()"
_PLACE: Final = str(Path(__file__).parent)
_LONGEST_COMPLAINT: Final = 2000


async def open_jail(kind: Kind, policy: Policy, program: str) -> Jail:
    """Start the server of a jail; `program` is bubblewrap's path, where that is the kind.

    Raises:
        SandboxUnavailable: the message says why it did not start.
    """
    complaints = _nameless()  # a pipe would have to be read
    ours, theirs = socket.socketpair()
    ours.setblocking(False)  # noqa: FBT003 - its only parameter
    channel = theirs.fileno()
    argv = [interpreter(), "-I", "-S", "-c", _START, _PLACE, str(channel)]
    files: list[int] = []
    if kind == "bubblewrap":
        needed = (python_home(), _PLACE)
        files = [
            _memory_file(bubblewrap.arguments(policy, needed)),
            _memory_file(_calls(kind, policy)),
        ]
        argv = [program, "--args", str(files[0]), "--seccomp", str(files[1]), "--", *argv]
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=complaints,
            env={},
            cwd="/",
            pass_fds=(channel, *files),
            start_new_session=True,
        )
    except BaseException:
        ours.close()
        complaints.close()
        raise
    finally:
        theirs.close()
        for file in files:
            os.close(file)
    jail = Jail(process, ours)
    try:
        await jail.greet(_told(kind, policy))
    except (SandboxUnavailable, TimeoutError) as problem:
        await jail.close()
        complaints.seek(0)
        said = complaints.read(_LONGEST_COMPLAINT).decode(errors="replace").strip()
        raise SandboxUnavailable(said or str(problem)) from None
    except BaseException:
        await jail.close()
        raise
    finally:
        complaints.close()
    return jail


def interpreter() -> str:
    """Return the path of the interpreter itself, beneath `python_home`, rather than of a link to it."""
    return os.path.realpath(sys.executable)


def python_home() -> str:
    """Return the directory that holds the interpreter and its standard library."""
    return os.path.realpath(sys.base_prefix)


def _nameless() -> IO[bytes]:
    """Return a file without a name: in memory where that can be had, so that no disk needs to have room."""
    if sys.platform == "linux":
        return os.fdopen(os.memfd_create("callboard"), "w+b")
    return tempfile.TemporaryFile()


def _memory_file(content: bytes) -> int:
    file = os.memfd_create("callboard")
    os.write(file, content)
    os.lseek(file, 0, os.SEEK_SET)
    return file


def _calls(kind: Kind, policy: Policy) -> bytes:
    if kind == "off":
        return b""
    own = kind == "bubblewrap"
    return seccomp.program(unix_sockets=own, tcp=own and policy.sockets)


def _told(kind: Kind, policy: Policy) -> Told:
    confined = kind != "off"
    scoped = confined and landlock.version() >= landlock.NEEDED_VERSION
    handled = landlock.HANDLED if kind == "landlock" else landlock.SCOPES_ONLY
    return Told(
        kind=kind,
        guarded=policy.root if confined and policy.writable_root else "",
        limits=policy.limits.by_name(),
        seccomp=_calls(kind, policy) if kind == "landlock" else b"",
        handled=list(handled) if scoped else [],
        rules=landlock.rules(policy) if kind == "landlock" else [],
        file_rights=landlock.FILE_RIGHTS,
    )
