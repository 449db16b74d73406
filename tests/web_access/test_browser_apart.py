"""The browser in a process of its own: it works the same, and has nothing of ours."""

import asyncio
import os
from collections.abc import Collection
from pathlib import Path

import pytest

from callboard.ports.web import WebFailed
from callboard.testing.model.loopback import LoopbackSite
from callboard.web_access.browser.apart import ApartBrowser
from callboard.web_access.on_demand import find_chromium

from .conftest import html

pytest.importorskip("playwright", reason="the extra `browser` is not installed")
pytestmark = pytest.mark.anyio


def started_by(pid: int, *, besides: Collection[int] = ()) -> dict[int, bytes]:
    """The environments of all processes that a process started, by whatever way.

    `besides` names children that do not count, with all that they start: browsers of other tests
    stay open, and start helpers whenever they like.
    """
    found: dict[int, bytes] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) in besides:
            continue
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == pid:
                found[int(entry.name)] = (entry / "environ").read_bytes()
                found |= started_by(int(entry.name))
        except (OSError, ValueError):
            continue
    return found


async def test_a_program_that_is_no_browser_fails_with_words(tmp_path):
    browser = ApartBrowser(str(tmp_path / "nothing"))
    with pytest.raises(WebFailed):
        await browser.visit("http://127.0.0.1:3000/", wait_until="load", timeout_s=5)


async def test_an_address_that_may_not_be_reached_is_refused_as_ever():
    with pytest.raises(WebFailed, match="may not be reached"):
        await ApartBrowser("/nothing").visit(
            "http://169.254.169.254/", wait_until="load", timeout_s=5
        )


@pytest.mark.skipif(find_chromium() is None, reason="there is no Chromium on this machine")
async def test_nothing_that_drives_the_browser_has_our_environment():
    canaries = [name.encode() for name in os.environ if name.startswith("PYTEST_")]
    assert canaries
    before = await asyncio.to_thread(started_by, os.getpid())  # by other tests
    async with LoopbackSite({"/": html("<script>console.log('hi')</script>")}) as site:
        visiting = asyncio.ensure_future(
            ApartBrowser(str(find_chromium())).visit(site.url, wait_until="load", timeout_s=20)
        )
        seen: dict[int, bytes] = {}
        while not visiting.done():
            seen |= await asyncio.to_thread(started_by, os.getpid(), besides=before)
            await asyncio.wait([visiting], timeout=0.05)
        try:
            visit = visiting.result()
        except WebFailed as failed:
            pytest.skip(f"no browser can be confined here: {failed}")
    assert [entry.text for entry in visit.entries] == ["hi"]
    assert len(seen) > 2
    assert not any(canary in environ for environ in seen.values() for canary in canaries)
    assert not await asyncio.to_thread(started_by, os.getpid(), besides=before)
