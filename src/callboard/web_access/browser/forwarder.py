"""Runs inside the jail, as a script with nothing but the standard library: `forwarder.py PORT SOCKET PROGRAM …`.

The jail has a network of its own with nothing in it. This listens there and hands every connection to a
socket file, behind which the proxy sits; then the process becomes the browser.
"""

import contextlib
import os
import socket
import sys
import threading

_BLOCK = 1 << 16
_PIPES = (3, 4)


def main() -> None:
    """Fork what forwards, and become the program."""
    port, path, *command = sys.argv[1:]
    listening = socket.create_server(("127.0.0.1", int(port)))
    if os.fork() == 0:
        for pipe in _PIPES:  # the browser's own, which must end with it
            with contextlib.suppress(OSError):
                os.close(pipe)
        _serve(listening, path)
    os.execv(command[0], command)  # noqa: S606 - the browser, from our own caller


def _serve(listening: socket.socket, path: str) -> None:
    while True:
        client, _ = listening.accept()
        upstream = socket.socket(socket.AF_UNIX)
        try:
            upstream.connect(path)
        except OSError:
            client.close()
            continue
        for pair in ((client, upstream), (upstream, client)):
            threading.Thread(target=_copy, args=pair, daemon=True).start()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while block := source.recv(_BLOCK):
            sink.sendall(block)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    main()
