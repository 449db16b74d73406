"""A hold on one worker: its socket, and a way to end it that cannot meet another process."""

import os
import select
import signal
import socket
import sys
from contextlib import suppress
from typing import Final

_GONE_MS: Final = 5000


class Leash:
    """One worker. `process` is a descriptor of it, or negative where the system has no such thing."""

    def __init__(self, channel: socket.socket, pid: int, process: int) -> None:
        self.channel = channel
        self.pid = pid
        self._process = process
        self._held = True

    def pause(self) -> None:
        """Stop it while nothing is asked of it: what it computes then is nobody's."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it run."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it, whatever it is doing. Idempotent; does not wait."""
        self._signal(signal.SIGKILL)

    def release(self) -> None:
        """End it and wait until it is gone. Idempotent."""
        self.kill()
        self.channel.close()
        if self._held and self._process >= 0:
            poll = select.poll()
            poll.register(self._process, select.POLLIN)
            poll.poll(_GONE_MS)
            os.close(self._process)
        self._held = False

    def _signal(self, number: signal.Signals) -> None:
        if not self._held:
            return
        with suppress(ProcessLookupError):
            if sys.platform == "linux":
                signal.pidfd_send_signal(self._process, number)
            else:
                os.kill(self.pid, number)
