"""A real Chromium, opening pages of this machine. Skipped where there is none."""

import asyncio
import os
import subprocess
import tempfile
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from callboard.ports.web import WebFailed
from callboard.testing.model.loopback import LoopbackSite, Reply
from callboard.testing.web_contracts import CONTRACT_PAGE, BrowserContract
from callboard.web_access.browser.jail import find_bubblewrap
from callboard.web_access.egress.policy import EgressPolicy
from callboard.web_access.on_demand import find_chromium

from .conftest import html, known

pytest.importorskip("playwright", reason="the extra `browser` is not installed")
CHROMIUM = find_chromium()


def confinable():
    """Whether namespaces are to be had, for Chromium's own sandbox or for the jail around it."""
    bubblewrap = find_bubblewrap()
    tried = ["unshare", "--user", "true"]
    if bubblewrap is not None:
        tried = [bubblewrap, "--unshare-user", "--unshare-net", "--ro-bind", "/", "/", "true"]
    elif os.geteuid() == 0:
        return False
    try:
        return subprocess.run(tried, check=False, capture_output=True, timeout=20).returncode == 0
    except OSError:
        return False


pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
    pytest.mark.skipif(
        CHROMIUM is not None and not confinable(),
        reason="no namespaces here: neither Chromium's own sandbox nor bubblewrap can start",
    ),
]


def make(allow=(), *, own=True, temporary=None):
    from callboard.web_access.browser.chromium import ChromiumBrowser  # noqa: PLC0415 - an extra

    policy = EgressPolicy(allow, known)
    return ChromiumBrowser(str(CHROMIUM), policy, own=own, temporary=temporary)


@asynccontextmanager
async def showing(pages):
    async with LoopbackSite({"/favicon.ico": html("x"), **pages}) as site:
        yield site


async def visited(browser, url, wait_until="load", timeout_s=20.0):
    return await browser.visit(url, wait_until=wait_until, timeout_s=timeout_s)


class TestChromium(BrowserContract):
    @asynccontextmanager
    async def showing(self):
        async with showing({"/": html(CONTRACT_PAGE)}) as site:
            yield make(), f"{site.url}/"


def below(place):
    """The running processes that name a directory, with their environments."""
    found: dict[str, bytes] = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile
            if os.fsencode(place) in (process / "cmdline").read_bytes():
                found[process.name] = (process / "environ").read_bytes()
    return found


PAGE = """<!doctype html><title>A page</title><script>
console.warn('careful'); console.error('bad', {a: 1});
fetch('/missing').catch(() => 0);
fetch('http://127.0.0.1:%(other)d/other').catch(() => 0);
fetch('/away').catch(() => 0);
new WebSocket('ws://127.0.0.1:%(other)d/socket');
setTimeout(() => { throw new TypeError('late') }, 20);
</script>"""


async def test_all_that_a_page_logs_and_asks_for_is_told_and_its_origin_is_all_it_reaches():
    async with showing({}) as site, showing({"/other": html("x"), "/secret": html("x")}) as other:
        site.pages["/"] = html(PAGE % {"other": other.port})
        secret = f"{other.url}/secret"
        site.pages["/away"] = Reply(status=302, headers={"Location": secret})
        visit = await visited(make(), f"{site.url}/")
        logged = {(entry.kind, entry.text) for entry in visit.entries}
        assert {("warning", "careful"), ("exception", "TypeError: late")} <= logged
        assert any(kind == "error" and text.startswith("bad") for kind, text in logged)
        [thrown] = [entry for entry in visit.entries if entry.kind == "exception"]
        assert site.url in (thrown.stack or "")
        [careful] = [entry for entry in visit.entries if entry.text == "careful"]
        assert careful.source == f"{site.url}/:2"
        failed = {one.url: (one.status, one.error) for one in visit.requests}
        assert failed[f"{site.url}/missing"] == (404, None)
        for url in (f"{other.url}/other", secret, f"ws://127.0.0.1:{other.port}/socket"):
            status, error = failed[url]
            assert status is None
            assert "CALLBOARD_WEB_ALLOW" in (error or "")
        assert other.received == []


async def test_what_is_allowed_is_reached_too():
    async with showing({"/other": html("x")}) as other, showing({}) as site:
        site.pages["/"] = html(f"<script>fetch('{other.url}/other', {{mode: 'no-cors'}})</script>")
        browser = make([f"127.0.0.1:{other.port}"])
        visit = await visited(browser, f"{site.url}/", "networkidle0")
        assert visit.requests == ()
        assert [request.path for request in other.received] == ["/other"]


async def test_a_page_that_leads_elsewhere_was_not_opened():
    async with showing({"/secret": html("x")}) as other, showing({}) as site:
        site.pages["/"] = Reply(status=302, headers={"Location": f"{other.url}/secret"})
        visit = await visited(make(), f"{site.url}/")
        assert "leads to" in (visit.error or "")
        assert visit.loaded_after is None
        assert other.received == []


async def test_a_page_that_is_not_there_or_never_loads_is_a_visit_with_an_error():
    pages = {
        "/": html("<img src=/hang><script>console.log('before')</script>"),
        "/hang": Reply(then="hang"),
    }
    async with showing(pages) as site:
        visit = await visited(make(), f"{site.url}/", timeout_s=1.0)
        assert "within 1 seconds" in (visit.error or "")
        assert [entry.text for entry in visit.entries] == ["before"]
        url = site.url
    visit = await visited(make(), f"{url}/")
    assert visit.error or [one.status for one in visit.requests] == [502]


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "http://inside.test/", "http://169.254.169.254/", "http://u@127.0.0.1/"],
)
async def test_what_may_not_be_reached_is_refused_before_a_browser_starts(url):
    with pytest.raises(WebFailed):
        await visited(make(), url)


async def test_pages_of_this_machine_can_be_forbidden():
    with pytest.raises(WebFailed, match="CALLBOARD_WEB_ALLOW"):
        await visited(make(own=False), "http://localhost:3000/")


@pytest.fixture
def short():
    with tempfile.TemporaryDirectory(prefix="cb-") as place:
        yield Path(place)


async def test_the_browser_sees_no_environment_and_nothing_of_it_is_left(short):
    assert "PYTEST_CURRENT_TEST" in os.environ
    async with showing({"/": html("<img src=/hang>"), "/hang": Reply(then="hang")}) as site:
        visit = asyncio.ensure_future(visited(make(temporary=short), f"{site.url}/"))
        async with asyncio.timeout(60):
            await site.hanging.wait()
        started = await asyncio.to_thread(below, short)
        assert len(started) > 2
        assert not any(b"PYTEST_" in environ for environ in started.values())
        visit.cancel()
        await asyncio.gather(visit, return_exceptions=True)
    assert list(short.iterdir()) == []
    async with asyncio.timeout(60):
        while await asyncio.to_thread(below, short):
            pass


async def test_a_program_that_is_no_browser_fails_with_words(tmp_path):
    from callboard.web_access.browser.chromium import ChromiumBrowser  # noqa: PLC0415 - an extra

    browser = ChromiumBrowser(str(tmp_path / "nothing"), EgressPolicy())
    with pytest.raises(WebFailed, match="cannot be started"):
        await visited(browser, "http://127.0.0.1:3000/")
