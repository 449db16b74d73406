"""Forks a command for each wish; what the command imports is imported once, before the first of them.

Run as a script with the descriptor of a socket. A wish is one byte and four descriptors: its stdin, its stdout and
its stderr, and a socket on which the rest of it lies as JSON and how it ended is answered.
"""

import atexit
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import sys
import sysconfig
import threading
import time
from contextlib import suppress

import callboard

SCRIPTS = sysconfig.get_path("scripts")
ONLY_FOR_SOME = (
    *("callboard.api", "callboard.web.", "callboard.sample", "callboard.testing"),
    *("callboard.providers.pydantic_ai", "callboard.stores.dispatch.dbos"),
    *("callboard.stores.migrations", "callboard.telemetry", "callboard.web_access.browser"),
    *("callboard.definitions.templates", "callboard.sandbox.programs.worker"),
)


def warm_up():
    """Import what commands need; what only some of them need is imported by those."""
    for module in pkgutil.walk_packages(callboard.__path__, "callboard."):
        if not module.name.startswith(ONLY_FOR_SOME):
            importlib.import_module(module.name)
    gc.collect()
    gc.freeze()


def serve(control):
    """Return a wish in each process that is forked for one, and None here when nobody can ask any more."""
    signal.signal(signal.SIGCHLD, lambda *_: None)
    woken, wake = socket.socketpair()
    woken.setblocking(False)
    wake.setblocking(False)
    signal.set_wakeup_fd(wake.fileno())
    under_way = {}
    while True:
        ready, _, _ = select.select([control, woken], [], [])
        if woken in ready:
            woken.recv(1024)
            tell_of_the_ended(under_way)
        if control in ready:
            _, descriptors, _, _ = socket.recv_fds(control, 1, 4)
            if not descriptors:
                return None
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for one in (control, woken, wake, *under_way.values()):
                    one.close()
                return descriptors
            for descriptor in descriptors[:3]:
                os.close(descriptor)
            under_way[pid] = socket.socket(fileno=descriptors[3])
            tell(under_way[pid], pid)


def tell_of_the_ended(under_way):
    for pid, asking in list(under_way.items()):
        gone, status = os.waitpid(pid, os.WNOHANG)
        if gone:
            del under_way[pid]
            with asking:
                tell(asking, os.waitstatus_to_exitcode(status))


def tell(asking, number):
    with suppress(OSError):  # whoever asked has given up waiting, or was killed
        asking.sendall(number.to_bytes(4, "little", signed=True))


def become(*descriptors):
    """Make this process what it would be had the command been started; return the wish."""
    *streams, asking = descriptors
    for place, descriptor in enumerate(streams):
        os.dup2(descriptor, place)
        os.close(descriptor)
    with socket.socket(fileno=asking) as lying, lying.makefile("rb") as text:
        wish = json.load(text)
    os.environ.clear()
    os.environ.update(wish["environ"])
    os.chdir(wish["directory"])
    sys.argv[:] = wish["line"]
    sys.path[0] = SCRIPTS if "module" not in wish else wish["directory"]
    time.tzset()
    return wish


def run(module=None):
    """Run the command, or a module, and return its code."""
    from callboard.cli.main import main as command  # noqa: PLC0415 - loaded long before

    try:
        if module is None:
            command()
        else:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ending:
        return ending.code or 0
    return 0


def end(code):
    """End as Python does, but take nothing apart before: that would copy most of the memory that is shared."""
    threading._shutdown()  # pyright: ignore[reportAttributeAccessIssue]
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        code = 120
    os._exit(code)


def main():
    with socket.socket(fileno=int(sys.argv[1])) as control:
        warm_up()
        control.sendall(b"!")
        descriptors = serve(control)
    if descriptors is not None:
        wish = become(*descriptors)
        end(run(wish.get("module")))


if __name__ == "__main__":
    main()
