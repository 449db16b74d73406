"""A lane of a jail as seen from outside: one command at a time."""

import asyncio
import marshal
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from callboard.sandbox.commands.launcher.task import Order
from callboard.sandbox.commands.launcher.wire import LENGTH, framed

_LONGEST_ANSWER = 8192


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended.

    `exit` by itself, `killed` by us, `failed` before it began (then `detail` says why), `lost` with the process
    that watched over it.
    """

    word: str
    detail: str

    @property
    def exit_code(self) -> int | None:
        """The exit status; 128 and the signal's number where a signal ended it."""
        if self.word not in {"exit", "killed"}:
            return None
        code = int(self.detail)
        return 128 - code if code < 0 else code


_LOST = Ended("lost", "")


def understood(answer: bytes) -> Ended:
    """Return what an answer says. One that no lane of ours gives counts as a lost lane."""
    word, _, detail = answer.decode(errors="replace").partition(" ")
    if word == "failed":
        return Ended(word, detail)
    with suppress(ValueError):
        if word in {"exit", "killed"} and -1000 < int(detail) < 1000:
            return Ended(word, str(int(detail)))
    return _LOST


class Lane:
    """The caller's end of a lane's socket. It is free again once a command ended that nobody cut off."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._received = bytearray()
        self._ended: asyncio.Future[Ended] | None = None
        self._usable = True
        self._watched = False

    @property
    def free(self) -> bool:
        """Whether it can take a command."""
        return self._usable and self._ended is None

    @property
    def closed(self) -> bool:
        """Whether it is of no more use."""
        return self._channel.fileno() < 0

    async def begin(
        self, argv: Sequence[str], cwd: str, env: Mapping[str, str], outputs: Sequence[int]
    ) -> "asyncio.Future[Ended]":
        """Start a command whose output goes to these descriptors; return the future of its end.

        Raises:
            ConnectionError: the lane had ended; nothing was run.
        """
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[Ended] = loop.create_future()
        self._ended = ended
        self._received.clear()
        order = Order(argv=list(argv), env=dict(env), cwd=cwd)
        message = framed(marshal.dumps({**order}))
        try:
            if not self._watched:
                loop.add_reader(self._channel.fileno(), self._more)
                self._watched = True
            sent = socket.send_fds(self._channel, [message], list(outputs))
            if sent < len(message):
                await loop.sock_sendall(self._channel, message[sent:])
        except OSError:
            self.close()
            raise ConnectionResetError from None
        except BaseException:
            self.close()
            raise
        return ended

    def cut(self) -> None:
        """Have the command killed. The lane is of no use afterwards."""
        self._usable = False
        with suppress(OSError):
            self._channel.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Let go; what runs is killed. Idempotent."""
        self._usable = False
        self._finish(_LOST)  # which closes the channel

    def _more(self) -> None:
        try:
            piece = self._channel.recv(_LONGEST_ANSWER)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        self._received += piece
        size = int.from_bytes(self._received[:LENGTH], "little")
        if not piece or self._ended is None or size > _LONGEST_ANSWER:
            self._finish(_LOST)
        elif len(self._received) >= LENGTH + size >= LENGTH + 1:
            self._finish(understood(bytes(self._received[LENGTH : LENGTH + size])))

    def _finish(self, outcome: Ended) -> None:
        if outcome.word == "lost":
            self._usable = False
        if not self._usable:
            self._unwatch()
            self._channel.close()
        ended, self._ended = self._ended, None
        if ended and not ended.done():
            ended.set_result(outcome)

    def _unwatch(self) -> None:
        if self._watched and self._channel.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._channel.fileno())
        self._watched = False
