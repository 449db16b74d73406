"""`ports.web.Browser` in a process of its own, started without our environment for every visit."""

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, cast

from callboard.ports.web import PageEntry, PageRequest, PageVisit, WaitUntil, WebFailed

_STARTING_S = 60.0
_ENDING_S = 15.0
_LONGEST_ANSWER = 16 << 20
_PATH = "/usr/local/bin:/usr/bin:/bin"


class ApartBrowser:
    """See `ports.web.Browser`.

    Args:
        program: the path of Chromium.
        allow: hosts that may be reached beside the page's own origin.
        own: whether a page of this machine may be asked for.
        confined: whether a browser without any sandbox is refused.
    """

    def __init__(
        self, program: str, allow: Sequence[str] = (), *, own: bool = True, confined: bool = True
    ) -> None:
        self._settings: dict[str, object] = {
            "program": program,
            "allow": list(allow),
            "own": own,
            "confined": confined,
        }

    async def visit(self, url: str, *, wait_until: WaitUntil, timeout_s: float) -> PageVisit:
        """See `ports.web.Browser`."""
        wish = {**self._settings, "url": url, "wait_until": wait_until, "timeout_s": timeout_s}
        with tempfile.TemporaryDirectory(
            prefix="callboard-driver-", ignore_cleanup_errors=True
        ) as home:
            process = await _started(home)
            try:
                line = await _answer(process, wish, timeout_s + _STARTING_S)
            finally:
                await _ended(process)
        return _visit(line)


async def _started(home: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "callboard.web_access.browser.worker"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PATH": _PATH, "HOME": home, "LANG": "C.UTF-8"},
        cwd=home,
        start_new_session=True,
        limit=_LONGEST_ANSWER,
    )


async def _answer(
    process: asyncio.subprocess.Process, wish: dict[str, object], within_s: float
) -> bytes:
    if process.stdin is None or process.stdout is None:  # pragma: no cover - both are pipes
        raise WebFailed("The browser's process has no pipes.")
    process.stdin.write(json.dumps(wish).encode() + b"\n")
    try:
        async with asyncio.timeout(within_s):
            return await process.stdout.readline()
    except TimeoutError:
        raise WebFailed(f"The browser did not answer within {within_s:g} seconds.") from None
    except ValueError:
        raise WebFailed("The page said more than can be told.") from None


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Let the process tidy up, and kill whatever it started where it does not."""
    if process.stdin is not None:
        process.stdin.close()
    with suppress(TimeoutError):
        async with asyncio.timeout(_ENDING_S):
            await process.wait()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def _visit(line: bytes) -> PageVisit:
    try:
        answer = cast("dict[str, Any]", json.loads(line))
        if "failed" in answer:
            raise WebFailed(str(answer["failed"]))
        visit = answer["visit"]
        entries = tuple(PageEntry(**entry) for entry in visit.pop("entries"))
        requests = tuple(PageRequest(**request) for request in visit.pop("requests"))
        return PageVisit(**visit, entries=entries, requests=requests)
    except (ValueError, KeyError, TypeError):
        raise WebFailed("The browser's process ended without an answer.") from None
