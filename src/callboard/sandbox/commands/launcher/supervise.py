"""Watching over a command and ending everything that came of it."""

# Importing pathlib would add a third to what every command costs.
# ruff: noqa: PTH123, PTH208

import contextlib
import os
import select

SIGKILL, SIGSTOP = 9, 19
POLL_MS = 250
PAUSE_S = 0.002


def reap(main: int) -> "int | None":
    """Collect the dead; return the main process's wait status when it is among them."""
    found = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        if pid == main:
            found = status


def _parents() -> "dict[int, list[int]]":
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        with contextlib.suppress(OSError, IndexError), open(f"/proc/{name}/stat", "rb") as file:
            parent = int(file.read().rpartition(b")")[2].split()[1])
            children.setdefault(parent, []).append(int(name))
    return children


def descendants(spared: "frozenset[int]" = frozenset()) -> "list[int]":
    """Return the ids of everything below this process, which adopts orphans: none is missed.

    Left out are `spared` processes and what is below them.
    """
    children = _parents()
    found: list[int] = []
    pending = [os.getpid()]
    while pending:
        below = [pid for pid in children.get(pending.pop(), []) if pid not in spared]
        found += below
        pending += below
    return found


def _signal(pids: "list[int]", number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def none_left() -> bool:
    """Whether this process has no child, dead or alive."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT | os.WNOHANG)
    except ChildProcessError:
        return True
    return False


def sweep(main: int, spared: "frozenset[int]" = frozenset()) -> "int | None":
    """Kill until nothing is left; return the main process's wait status if it was still to be had.

    Stopping everything first keeps a fork bomb from outrunning the killing. `spared` processes stay, with all
    that is below them.
    """
    status = reap(main)
    while spared or not none_left():
        below = descendants(spared)
        if spared and not below:
            break
        _signal(below, SIGSTOP)
        _signal(below, SIGKILL)
        select.select([], [], [], PAUSE_S)
        late = reap(main)
        status = status if late is None else late
    return status


def sweep_group(main: int) -> "int | None":
    """Do the same where orphans cannot be adopted: end the command's process group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(main, SIGKILL)
    with contextlib.suppress(ChildProcessError):
        return os.waitpid(main, 0)[1]
    return None


def supervise(main: int, lifeline: int, *, adopts: bool) -> "tuple[int | None, bool]":
    """Wait for the command or for the lifeline to break; return the wait status and whether it broke.

    There is no status where the command still runs. What else it left is for the caller to sweep.
    """
    poll = select.poll()
    poll.register(lifeline, select.POLLIN | select.POLLHUP)
    process = os.pidfd_open(main) if adopts else -1
    if adopts:
        poll.register(process, select.POLLIN)
    try:
        while True:
            met = poll.poll(POLL_MS if adopts else PAUSE_S * 1000)
            status = reap(main)
            if status is not None:
                return status, False
            if any(fd == lifeline for fd, _ in met):
                return None, True
    finally:
        if adopts:
            os.close(process)
