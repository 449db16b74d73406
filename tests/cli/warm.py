"""The command as a process of its own that needs not read its modules first: that takes longer than most commands."""

import atexit
import functools
import io
import json
import os
import select
import selectors
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

COMMAND = str(Path(sysconfig.get_path("scripts"), "callboard"))
PROCESS = Path(__file__).with_name("warm_process.py")
CLIENT = Path(__file__).with_name("warm_client.py")


def run_warm(arguments, environ, directory, given, timeout_s):
    """Run the command to its end in a forked process; return its code, its stdout and its stderr."""
    with _lying(given) as lying:
        process = Forked(command_of(arguments), environ, directory, lying)
    with process:
        try:
            said = _heard(process, time.monotonic() + timeout_s)
        except TimeoutError:
            process.kill()
            raise
    code = int.from_bytes(said[process.asking], "little", signed=True)
    return code, said[process.stdout].decode(), said[process.stderr].decode()


def start_warm(wish, environ, directory, stderr=None) -> Any:
    """Start what is wished for in a forked process that says text; return it as `subprocess.Popen` does. What it complains
    about goes to a descriptor, if there is one for that.
    """
    with _lying(None) as lying:
        return Forked(wish, environ, directory, lying, stderr).as_text()


def command_of(arguments):
    """Wish for the command."""
    return {"line": [COMMAND, *arguments]}


def module_of(name, arguments):
    """Wish for a module that is run as a script."""
    return {"line": [name, *arguments], "module": name}


class Forked:
    """A process that was forked for a wish: what of `subprocess.Popen` tests need."""

    def __init__(self, wish, environ, directory, lying, stderr=None):
        self.returncode = None
        out, its_out = os.pipe()
        err, its_err = os.pipe() if stderr is None else (None, os.dup(stderr))
        self.stdout: Any = os.fdopen(out, "rb")
        self.stderr: Any = None if err is None else os.fdopen(err, "rb")
        self.asking, its_end = socket.socketpair()
        with os.fdopen(its_out), os.fdopen(its_err), its_end:
            descriptors = (lying.fileno(), its_out, its_err, its_end.fileno())
            socket.send_fds(_forking(), [b"!"], descriptors)
        wish = {**wish, "environ": environ, "directory": str(directory)}
        self.asking.sendall(json.dumps(wish).encode())
        self.asking.shutdown(socket.SHUT_WR)
        self.pid = int.from_bytes(self.asking.recv(4), "little")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for each in (self.stdout, self.stderr, self.asking):
            each.close()

    def as_text(self):
        """Return it with output that is text."""
        self.stdout = io.TextIOWrapper(self.stdout, encoding="utf-8")
        if self.stderr is not None:
            self.stderr = io.TextIOWrapper(self.stderr, encoding="utf-8")
        return self

    def poll(self):
        """Return how it ended, None while it has not."""
        if self.returncode is None and select.select([self.asking], [], [], 0)[0]:
            self._ended()
        return self.returncode

    def wait(self, timeout=None):
        """Return how it ends, within a time."""
        if self.returncode is None:
            if not select.select([self.asking], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            self._ended()
        return self.returncode

    def send_signal(self, number):
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self):
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self):
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def _ended(self):
        answer = self.asking.recv(4)
        assert answer, "whatever forks processes has ended"
        self.returncode = int.from_bytes(answer, "little", signed=True)
        self.asking.close()


def put_on_path(folder):
    """Put a command into a folder that is run as above; return the descriptor that whoever calls it has to have."""
    descriptor = _forking().fileno()
    command = folder / "callboard"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -IS {CLIENT} {descriptor} "$0" "$@"\n')
    command.chmod(0o700)
    return descriptor


@contextmanager
def _lying(given):
    """Open a file that holds what is given, or nothing."""
    if given is None:
        with Path(os.devnull).open("rb") as nothing:
            yield nothing
    else:
        with TemporaryFile() as file:
            file.write(given)
            file.seek(0)
            yield file


def _heard(process, until):
    """Read all that a process says to its end, and how it ended."""
    said = dict.fromkeys((process.stdout, process.stderr, process.asking), b"")
    with selectors.DefaultSelector() as waiting:
        for one in said:
            waiting.register(one, selectors.EVENT_READ)
        while waiting.get_map():
            ready = waiting.select(max(0, until - time.monotonic()))
            if not ready:
                raise TimeoutError(said)
            for key, _ in ready:
                piece = os.read(key.fd, 1 << 16)
                said[key.fileobj] += piece
                if not piece:
                    waiting.unregister(key.fileobj)
    return said


@functools.cache
def _forking():
    """Start the process that the commands are forked from; it ends with this one."""
    control, its_end = socket.socketpair()
    process = subprocess.Popen(
        [sys.executable, PROCESS, str(its_end.fileno())],
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,  # of the kind that a command's are: Python looks at them as it starts
        stderr=subprocess.PIPE,
        pass_fds=[its_end.fileno()],
    )
    its_end.close()
    assert control.recv(1) == b"!", process.communicate()[1].decode()

    @atexit.register
    def end():
        control.close()
        process.communicate()

    return control
