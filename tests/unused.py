"""Ports for those who have to be told a number before they listen."""

import itertools
import os
import socket

_FIRST, _OF_A_WORKER = 20_000, 1_000
_asked = itertools.count(os.getpid())


def unused_port():
    """Return a port where nobody listens, below those that the system hands out: nobody gets it by chance meanwhile."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 10
    while True:
        port = _FIRST + worker * _OF_A_WORKER + next(_asked) % _OF_A_WORKER
        with socket.socket() as found:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                found.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
