"""What stands for the command on a shell's path: it hands its streams to a process that is forked for it, and waits.

Run as a script with the descriptor of the socket on which such processes are asked for, and the line.
"""

import json
import os
import signal
import socket
import sys


def main():
    asking, its_end = socket.socketpair()
    with asking:
        with its_end, socket.socket(fileno=int(sys.argv[1])) as control:
            socket.send_fds(control, [b"!"], [0, 1, 2, its_end.fileno()])
            control.detach()
        wish = {
            "line": sys.argv[2:],
            "environ": dict(os.environ),
            "directory": os.getcwd(),  # noqa: PTH109 - nothing is imported that can wait
        }
        asking.sendall(json.dumps(wish).encode())
        asking.shutdown(socket.SHUT_WR)
        pid = int.from_bytes(asking.recv(4), "little")
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, _: os.kill(pid, number))
        return int.from_bytes(asking.recv(4), "little", signed=True)


if __name__ == "__main__":
    sys.exit(main())
