"""The command as a process of its own that needs not read its modules first: that takes longer than most commands."""

import atexit
import functools
import json
import os
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

COMMAND = str(Path(sysconfig.get_path("scripts"), "callboard"))
PROCESS = Path(__file__).with_name("warm_process.py")
CLIENT = Path(__file__).with_name("warm_client.py")


def run_warm(arguments, environ, directory, given, timeout_s):
    """Run the command to its end in a forked process; return its code, its stdout and its stderr."""
    out, its_out = os.pipe()
    err, its_err = os.pipe()
    asking, its_end = socket.socketpair()
    with os.fdopen(out, "rb") as out, os.fdopen(err, "rb") as err, asking:
        with os.fdopen(its_out), os.fdopen(its_err), its_end, _lying(given) as lying:
            descriptors = (lying.fileno(), its_out, its_err, its_end.fileno())
            socket.send_fds(_forking(), [b"!"], descriptors)
        wish = {"line": [COMMAND, *arguments], "environ": environ, "directory": str(directory)}
        asking.sendall(json.dumps(wish).encode())
        asking.shutdown(socket.SHUT_WR)
        pid = int.from_bytes(asking.recv(4), "little")
        try:
            said = _heard((out, err, asking), time.monotonic() + timeout_s)
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            raise
    code = int.from_bytes(said[asking], "little", signed=True)
    return code, said[out].decode(), said[err].decode()


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


def _heard(speaking, until):
    """Read all to their ends."""
    said = dict.fromkeys(speaking, b"")
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
