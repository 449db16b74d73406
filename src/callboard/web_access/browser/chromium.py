"""`ports.web.Browser` with the system's Chromium: a fresh profile, no environment, one way out, and nothing
left of it afterwards.
"""

import asyncio
import os
import tempfile
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Literal

from playwright.async_api import BrowserContext, Error, Page, Route, async_playwright
from playwright.async_api import TimeoutError as TooSlow

from callboard.ports.web import PageVisit, WaitUntil, WebFailed
from callboard.web_access.browser.access import PageAccess, access_for
from callboard.web_access.browser.jail import PORT, environment, find_bubblewrap, write_jail
from callboard.web_access.browser.proxy import proxy
from callboard.web_access.browser.watching import NOT_PART, Watch
from callboard.web_access.egress.policy import EgressPolicy

_START_S = 20.0
_END_S = 10.0
_SETTLE_S = 0.5
_ARGUMENTS = (
    "--disable-quic",
    "--disable-background-networking",
    "--disable-features=DialMediaRouteProvider,MediaRouter,OptimizationHints,Translate",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--dns-prefetch-disable",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--no-pings",
)
_WAITS: dict[WaitUntil, Literal["load", "domcontentloaded", "networkidle"]] = {
    "load": "load",
    "domcontentloaded": "domcontentloaded",
    "networkidle0": "networkidle",
}


class ChromiumBrowser:
    """See `ports.web.Browser`.

    Args:
        program: the path of Chromium.
        policy: what may be reached beside the page's own origin.
        own: whether a page of this machine may be asked for.
        confined: whether a browser without any sandbox is refused.
        temporary: where profiles are made; None: the system's place. Paths must be short.
    """

    def __init__(
        self,
        program: str,
        policy: EgressPolicy,
        *,
        own: bool = True,
        confined: bool = True,
        temporary: Path | None = None,
    ) -> None:
        self._program = program
        self._policy = policy
        self._own = own
        self._confined = confined
        self._temporary = temporary

    async def visit(self, url: str, *, wait_until: WaitUntil, timeout_s: float) -> PageVisit:
        """See `ports.web.Browser`."""
        access = access_for(url, self._policy, own=self._own)
        await access.addresses(access.host, access.port)  # a refusal needs no browser
        with tempfile.TemporaryDirectory(
            prefix="callboard-browser-", dir=self._temporary, ignore_cleanup_errors=True
        ) as at:
            async with self._opened(Path(at), access) as context:
                return await _visit(context, access, url, wait_until, timeout_s)

    @asynccontextmanager
    async def _opened(self, place: Path, access: PageAccess) -> AsyncGenerator[BrowserContext]:
        async with AsyncExitStack() as stack:
            context = await self._with_own_sandbox(stack, place, access)
            yield context or await self._without(stack, place, access)

    async def _with_own_sandbox(
        self, stack: AsyncExitStack, place: Path, access: PageAccess
    ) -> BrowserContext | None:
        """Start Chromium as it is; None where its sandbox cannot start (it never can for root)."""
        if os.geteuid() == 0:
            return None
        address = await stack.enter_async_context(proxy(access.addresses))
        try:
            return await _launched(stack, place, self._program, address, sandbox=True)
        except Error as problem:
            if "sandbox" not in problem.message.lower():
                raise _no_start(problem) from None
            return None

    async def _without(
        self, stack: AsyncExitStack, place: Path, access: PageAccess
    ) -> BrowserContext:
        bubblewrap = find_bubblewrap()
        if self._confined and bubblewrap is None:
            raise WebFailed(
                "Chromium's own sandbox cannot start here and bubblewrap is not installed. Install bubblewrap,"
                " or run Callboard as a user other than root."
            )
        if self._confined and bubblewrap is not None:
            gate = await stack.enter_async_context(proxy(access.addresses, place / "proxy"))
            program = str(write_jail(place, bubblewrap, self._program, gate))
            address = f"127.0.0.1:{PORT}"
        else:
            address = await stack.enter_async_context(proxy(access.addresses))
            program = self._program
        try:
            return await _launched(stack, place, program, address, sandbox=False)
        except Error as problem:
            raise _no_start(problem) from None


async def _launched(
    stack: AsyncExitStack, place: Path, program: str, address: str, *, sandbox: bool
) -> BrowserContext:
    driver = await stack.enter_async_context(async_playwright())
    context = await driver.chromium.launch_persistent_context(
        place / "profile",
        executable_path=program,
        args=_ARGUMENTS,
        env=dict(environment(place)),
        chromium_sandbox=sandbox,
        headless=True,
        proxy={"server": f"http://{address}"},
        service_workers="block",
        accept_downloads=False,
        handle_sigint=False,
        handle_sigterm=False,
        handle_sighup=False,
        timeout=_START_S * 1000,
    )
    stack.push_async_callback(_ended, context)
    return context


async def _ended(context: BrowserContext) -> None:
    # Should it hang, the driver, which ends next, kills it.
    with suppress(TimeoutError, Error):
        async with asyncio.timeout(_END_S):
            await context.close()


async def _visit(
    context: BrowserContext, access: PageAccess, url: str, wait_until: WaitUntil, timeout_s: float
) -> PageVisit:
    loop = asyncio.get_running_loop()

    async def judge(route: Route) -> None:
        with suppress(Error):  # the page is gone
            if access.may_url(route.request.url):
                await route.continue_()
            else:
                await route.abort("blockedbyclient")

    await context.route("**/*", judge)
    page = await context.new_page()
    context.on("page", lambda opened: asyncio.ensure_future(_shut(opened)))
    start = loop.time()
    watch = Watch(lambda: loop.time() - start, access.may_url)
    watch.attach(page)
    error = await _went(page, url, wait_until, timeout_s)
    if error is None and not access.may_url(page.url):
        error = f"It leads to {page.url}, which {NOT_PART}"
    loaded = watch.now() if error is None else None
    if error is None:
        await page.wait_for_timeout(_SETTLE_S * 1000)
    return PageVisit(
        page.url if error is None else url,
        await _title(page),
        error,
        tuple(watch.entries),
        tuple(watch.requests),
        loaded,
    )


async def _went(page: Page, url: str, wait_until: WaitUntil, timeout_s: float) -> str | None:
    """Open the page; return what went wrong, if anything did."""
    try:
        await page.goto(url, wait_until=_WAITS[wait_until], timeout=timeout_s * 1000)
    except TooSlow:
        return f"The page did not come as far as {wait_until} within {timeout_s:g} seconds."
    except Error as problem:
        return problem.message.partition("\n")[0].removeprefix("Page.goto: ")
    return None


async def _title(page: Page) -> str:
    try:
        async with asyncio.timeout(1):
            return await page.title()
    except (TimeoutError, Error):
        return ""


async def _shut(page: Page) -> None:
    with suppress(Error):
        await page.close()


def _no_start(problem: Error) -> WebFailed:
    lines = [line.strip() for line in problem.message.splitlines() if line.strip()]
    return WebFailed(f"Chromium cannot be started: {' '.join(lines)[:300]}")
