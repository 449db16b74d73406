"""Entry: read the task, run it, report."""

# Importing pathlib would add a third to what every command costs.
# ruff: noqa: PTH123

import marshal
import os
import sys

from .confine import LIBC, become, no_new_privileges, restrict_files
from .guard import GitGuard
from .supervise import supervise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from callboard.sandbox.commands.launcher.task import Task

PR_SET_CHILD_SUBREAPER, PR_SET_DUMPABLE = 36, 4
STDERR = 2
MOST_NAMED = 10


def read_task() -> "Task":
    """Read a length of four bytes, little endian, and that many bytes of marshalled dict."""
    with open(0, "rb", buffering=0, closefd=False) as lifeline:
        size = int.from_bytes(_exactly(lifeline.fileno(), 4), "little")
        return marshal.loads(_exactly(lifeline.fileno(), size))  # noqa: S302 - from our own caller


def _exactly(fd: int, size: int) -> bytes:
    content = b""
    while len(content) < size:
        piece = os.read(fd, size - len(content))
        if not piece:
            sys.exit(1)  # the caller is gone
        content += piece
    return content


def spawn(task: "Task") -> int:
    """Fork the command; return its id once it runs the program.

    Raises:
        OSError: it could not be confined or started; nothing was run.
    """
    readable, writable = os.pipe()
    pid = os.fork()
    if pid == 0:
        _child(task, writable)
    os.close(writable)
    with open(readable, "rb") as gate:
        problem = gate.read()
    if problem:
        os.waitpid(pid, 0)
        raise OSError(problem.decode(errors="replace"))
    return pid


def _child(task: "Task", gate: int) -> None:
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.close(task["status"])
        become(task)
    except (OSError, ValueError) as problem:
        os.write(gate, str(problem).encode(errors="replace"))
    finally:
        os._exit(127)


def undo(task: "Task", guard: GitGuard) -> None:
    """Put git's control files back, confined as the command was: something may still be watching."""
    if task["handled"]:
        no_new_privileges()
        restrict_files(task["handled"], task["rules"], task["file_rights"])
    changed = guard.restore()
    if changed:
        names = ", ".join(changed[:MOST_NAMED])
        os.write(STDERR, f"\n[changes to {names} were undone]\n".encode(errors="replace"))


def main() -> None:
    """Run the task that comes over stdin."""
    task = read_task()
    adopts = sys.platform == "linux"
    if adopts:
        LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        LIBC.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    guard = GitGuard(task["guarded"]) if task["guarded"] else None
    try:
        pid = spawn(task)
    except OSError as problem:
        os.write(task["status"], f"failed {problem}".encode(errors="replace"))
        return
    os.close(1)
    status, broken = supervise(pid, adopts=adopts)
    if guard:
        undo(task, guard)
    code = os.waitstatus_to_exitcode(status)
    os.write(task["status"], f"{'killed' if broken else 'exit'} {code}".encode())
