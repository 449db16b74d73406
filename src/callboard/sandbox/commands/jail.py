"""A jail: one confined server for the commands of one workspace, started once."""

import asyncio
import marshal
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress

from callboard.domain.errors import SandboxUnavailable
from callboard.sandbox.commands.lane import Ended, Lane
from callboard.sandbox.commands.launcher.task import Jail as Told
from callboard.sandbox.commands.launcher.wire import LARGEST, LENGTH, framed, receive

_START_S = 20.0
_LONGEST_ENDING_S = 10.0


class Running:
    """A command under way in a jail."""

    def __init__(self, lane: Lane, ended: asyncio.Future[Ended]) -> None:
        self._lane = lane
        self._ended = ended

    @property
    def ended(self) -> Ended | None:
        """How the command ended, once it has."""
        return self._ended.result() if self._ended.done() else None

    async def wait(self) -> Ended:
        """Wait until the command and all that came of it is gone."""
        return await asyncio.shield(self._ended)

    async def end(self) -> Ended:
        """Kill what still runs; return how it ended."""
        if not self._ended.done():
            self._lane.cut()
            with suppress(TimeoutError):
                async with asyncio.timeout(_LONGEST_ENDING_S):
                    return await asyncio.shield(self._ended)
            self._lane.close()
        return await self._ended


class Jail:
    """The server of a jail, and its lanes. Commands outlive neither the server nor this object's `close`."""

    def __init__(self, process: asyncio.subprocess.Process, control: socket.socket) -> None:
        self._process = process
        self._control = control
        self._lanes: list[Lane] = []
        self._asking = asyncio.Lock()

    @property
    def alive(self) -> bool:
        """Whether the server runs, as far as is known."""
        return self._process.returncode is None and self._control.fileno() >= 0

    @property
    def pid(self) -> int:
        """The process id of the server, or of what started it in namespaces."""
        return self._process.pid

    async def begin(
        self, argv: Sequence[str], cwd: str, env: Mapping[str, str], outputs: Sequence[int]
    ) -> Running:
        """Start a command whose output goes to these descriptors: one for both streams, or one each.

        Raises:
            SandboxUnavailable: the server has ended; nothing was run.
        """
        while True:
            lane = next((lane for lane in self._lanes if lane.free), None) or self._open()
            with suppress(ConnectionError):
                return Running(lane, await lane.begin(argv, cwd, env, outputs))
            if not self.alive:
                raise _gone()

    async def keep(self) -> bytes:
        """Return git's control files as they are now: opaque, for `undo`."""
        return await self._ask(b"keep")

    async def undo(self, kept: bytes) -> str:
        """Make git's control files what they were; return the names of those that had been changed.

        Raises:
            SandboxUnavailable: it could not be done.
        """
        names = (await self._ask(b"undo " + kept)).decode(errors="replace")
        if names.startswith("!"):
            message = f"Git's control files could not be put back ({names[2:]}): see .git/config and .git/hooks."
            raise SandboxUnavailable(message)
        return names

    async def calm(self) -> None:
        """Say that a command that was cut off has left nothing to undo."""
        try:
            await asyncio.get_running_loop().sock_sendall(self._control, framed(b"calm"))
        except OSError:
            self._control.close()

    async def lost(self) -> None:
        """Wait until what a lane left that died is ended too. Nothing to wait for where the server has died."""
        with suppress(SandboxUnavailable):
            await self._ask(b"lost")

    async def listen(self, port: int) -> int:
        """Have the server listen in the jail's own network; return the descriptor of the listening socket.

        To be called before the first command, which could take the port.

        Raises:
            SandboxUnavailable: the jail has no such network, or the server has ended.
        """
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                answer = await self._ask(b"listen %d" % port, [theirs.fileno()])
            if answer != b"listening":
                reason = answer.decode(errors="replace")
                raise SandboxUnavailable(f"The jail's network cannot be used: {reason}")
            ours.setblocking(False)  # noqa: FBT003 - it was sent before the answer
            message = receive(ours)
        if message is None or not message[1]:
            raise _gone()
        return message[1][0]

    async def close(self) -> None:
        """End the server and everything that it started. Idempotent."""
        lanes, self._lanes = self._lanes, []
        for lane in lanes:
            lane.close()
        self._control.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_ENDING_S):
                await self._process.wait()
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def greet(self, told: Told) -> None:
        """Tell the server what it is to confine, and wait until it has.

        Raises:
            SandboxUnavailable: it cannot.
        """
        async with asyncio.timeout(_START_S):
            answer = (await self._ask(marshal.dumps({**told}))).decode(errors="replace")
        if answer != "ready":
            raise SandboxUnavailable(answer.removeprefix("failed "))

    def _open(self) -> Lane:
        self._lanes = [lane for lane in self._lanes if not lane.closed]
        ours, theirs = socket.socketpair()
        ours.setblocking(False)  # noqa: FBT003 - its only parameter
        with theirs:
            try:
                socket.send_fds(self._control, [framed(b"lane")], [theirs.fileno()])
            except OSError:
                ours.close()
                self._control.close()
                raise _gone() from None
        lane = Lane(ours)
        self._lanes.append(lane)
        return lane

    async def _ask(self, content: bytes, descriptors: Sequence[int] = ()) -> bytes:
        """Return the server's answer to a frame. The server may be in the hands of what it confines."""
        loop = asyncio.get_running_loop()
        message = framed(content)
        async with self._asking:
            try:
                sent = socket.send_fds(self._control, [message], descriptors) if descriptors else 0
                await loop.sock_sendall(self._control, message[sent:])
                size = int.from_bytes(await self._receive(LENGTH), "little")
                if size <= LARGEST:
                    return await self._receive(size)
            except OSError:
                self._control.close()
                raise _gone() from None
            except BaseException:
                self._control.close()  # the answer would be taken for that to another question
                raise
        self._control.close()
        raise _gone()

    async def _receive(self, size: int) -> bytes:
        loop = asyncio.get_running_loop()
        content = bytearray()
        while len(content) < size:
            piece = await loop.sock_recv(self._control, size - len(content))
            if not piece:
                self._control.close()
                raise ConnectionResetError
            content += piece
        return bytes(content)


def _gone() -> SandboxUnavailable:
    return SandboxUnavailable(
        "The process that confines commands has ended. The next command starts another."
    )
