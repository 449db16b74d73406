"""A command that runs under the launcher."""

import asyncio
import marshal
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from callboard.sandbox.commands.launcher.task import Task

_START = "import sys; sys.path.append(sys.argv[1]); from launcher.main import main; main()"
_PLACE = str(Path(__file__).parent)
_LONGEST_ENDING_S = 10.0
_DRAIN_S = 0.5
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended: `exit` by itself, `killed` by us, `failed` before it began (then `detail` says why)."""

    word: str
    detail: str

    @property
    def exit_code(self) -> int | None:
        """The exit status; 128 and the signal's number where a signal ended it."""
        if self.word == "failed":
            return None
        code = int(self.detail)
        return 128 - code if code < 0 else code


class Launched:
    """One launcher process. Closing its lifeline ends everything that it started."""

    def __init__(self, process: asyncio.subprocess.Process, ended: asyncio.Future[Ended]) -> None:
        self._process = process
        self._ended = ended

    @property
    def streams(self) -> tuple[asyncio.StreamReader | None, asyncio.StreamReader | None]:
        """Standard output and error, where they are pipes."""
        return self._process.stdout, self._process.stderr

    async def wait(self) -> Ended:
        """Wait until the command and all that came of it is gone."""
        return await asyncio.shield(self._ended)

    async def end(self) -> Ended:
        """Kill what still runs; return how it ended. Goes on in the background if it is cancelled."""
        self._cut()
        return await asyncio.shield(asyncio.ensure_future(self._finish()))

    def _cut(self) -> None:
        if self._process.stdin:
            self._process.stdin.close()

    async def _finish(self) -> Ended:
        try:
            async with asyncio.timeout(_LONGEST_ENDING_S):
                ended = await asyncio.shield(self._ended)
        except TimeoutError:
            ended = Ended("killed", "-9")
            with suppress(ProcessLookupError):
                self._process.kill()
        with suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_S):
                await self._process.wait()
        return ended


async def launch(task: Task, *, log: int | None = None) -> Launched:
    """Start a task; its output goes to pipes, or to the open file `log`."""
    readable, writable = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", "-c", _START, _PLACE),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE if log is None else log,
            stderr=asyncio.subprocess.PIPE if log is None else log,
            env={},
            cwd="/",
            pass_fds=(writable,),
            start_new_session=True,
            limit=_CHUNK,
        )
    except BaseException:
        os.close(readable)
        raise
    finally:
        os.close(writable)
    message = marshal.dumps({**task, "status": writable})
    if process.stdin:
        process.stdin.write(len(message).to_bytes(4, "little") + message)
    return Launched(process, _status(readable))


def _status(readable: int) -> asyncio.Future[Ended]:
    """Return a future of the outcome: what the launcher wrote until it ended."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[Ended] = loop.create_future()
    received = bytearray()

    def more() -> None:
        piece = os.read(readable, _CHUNK)
        received.extend(piece)
        if not piece:
            loop.remove_reader(readable)
            os.close(readable)
            word, _, detail = received.decode(errors="replace").partition(" ")
            if not ended.done():
                ended.set_result(Ended(word, detail) if word else Ended("killed", "-9"))

    os.set_blocking(readable, False)
    loop.add_reader(readable, more)
    return ended
