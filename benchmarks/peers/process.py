"""One peer's process: commands to it as JSON lines, and what it says."""

import asyncio
import contextlib
import json
import signal
from pathlib import Path
from typing import Any

from benchmarks.peers.environments import Peer

PATIENCE_S = 240.0
Told = dict[str, Any]


class PeerFailed(Exception):
    """A peer that is not installed, broke off or said nothing for too long; the message is a row of the table."""


class PeerProcess:
    """A runner that was started and waits for commands."""

    def __init__(self, peer: Peer, process: asyncio.subprocess.Process, log: Path) -> None:
        self.peer = peer
        self._process = process
        self._log = log
        self.opened: Told = {}

    @classmethod
    async def start(cls, peer: Peer, url: str, home: Path) -> "PeerProcess":
        """Start it and wait until it is ready.

        Raises:
            PeerFailed: it is not installed or does not come up.
        """
        if not peer.python.exists():
            raise PeerFailed("not installed: python -m benchmarks.peers install")
        home.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - nothing else runs here
        log = home / "runner.log"
        with log.open("a") as errors:
            process = await asyncio.create_subprocess_exec(
                *peer.command,
                url,
                str(home),
                *peer.arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env=peer.surroundings,
                limit=1 << 24,
            )
        started = cls(peer, process, log)
        try:
            started.opened = await started._told(PATIENCE_S)
        except PeerFailed:
            await started.kill()
            raise
        return started

    async def ask(self, do: str, *, patience_s: float = PATIENCE_S, **wish: object) -> Told:
        """Have it do something and return what that cost.

        Raises:
            PeerFailed: it could not.
        """
        self.tell(do, **wish)
        return await self.hear(patience_s)

    async def hear(self, patience_s: float = PATIENCE_S) -> Told:
        """Return what came of the command that it was told.

        Raises:
            PeerFailed: it could not.
        """
        told = await self._told(patience_s)
        if "error" in told:
            raise PeerFailed(told["error"])
        return told

    def tell(self, do: str, **wish: object) -> None:
        """Have it do something, and do not wait."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **wish}).encode() + b"\n")

    async def _told(self, patience_s: float) -> Told:
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(patience_s):
                while line := await self._process.stdout.readline():
                    if line.startswith(b"@"):
                        return json.loads(line[1:])
        except TimeoutError:
            await self.kill()
            raise PeerFailed(f"said nothing for {patience_s:g} s") from None
        last = (self._log.read_text(errors="replace").strip().splitlines() or ["ended"])[-1]
        raise PeerFailed(last[:200])

    async def kill(self) -> None:
        """End it at once, as a machine does that loses power."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGKILL)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        await self._process.stdout.read()
        await self._process.wait()
        with contextlib.suppress(ConnectionError):
            await self._process.stdin.wait_closed()
