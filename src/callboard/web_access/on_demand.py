"""All of `callboard.ports.web` in one object, of which only what is used is imported and made."""

# ruff: noqa: PLC0415 - the HTTP client, the browser's driver and the search for text are large

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import SecretStr

from callboard.ports.web import (
    Browser,
    DocsSource,
    Fetched,
    Fetcher,
    PageVisit,
    SearchProvider,
    SearchResult,
    WaitUntil,
    WebFailed,
)
from callboard.ports.workspace import Workspace

if TYPE_CHECKING:
    from callboard.web_access.egress.policy import EgressPolicy
    from callboard.web_access.search.service import SearchService

SearchName = Literal["searxng", "brave", "tavily", "exa"]

_CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_CHROMIUM_PATH = "/usr/local/bin:/usr/bin:/bin:/snap/bin"
_MAC_CHROMES = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)


@dataclass(frozen=True, slots=True)
class WebOptions:
    """What the adapters are made with.

    Attributes:
        allow: `host` or `host:port` that may be reached wherever they lead.
        search: the search service, or None.
        search_url: its address, for `searxng`.
        search_key: its key, for the others.
        context7_key: the key of Context7; None: only local documentation.
        context7_url: another address for it.
        chromium: the browser's path; None: the usual places.
        own_pages: whether the browser may be asked for pages of this machine.
        confined: whether a browser without any sandbox is refused.
    """

    allow: tuple[str, ...] = ()
    search: SearchName | None = None
    search_url: str | None = None
    search_key: SecretStr | None = None
    context7_key: SecretStr | None = None
    context7_url: str | None = None
    chromium: str | None = None
    own_pages: bool = True
    confined: bool = True


def find_chromium() -> str | None:
    """Return the path of a Chromium in one of the usual places, or None."""
    found = (shutil.which(name, path=_CHROMIUM_PATH) for name in _CHROMIUM_NAMES)
    usual = next((path for path in found if path), None)
    return usual or next((path for path in _MAC_CHROMES if Path(path).exists()), None)


class WebOnDemand:
    """A `Fetcher`, a `SearchProvider`, a `DocsSource` and a `Browser`."""

    def __init__(self, options: WebOptions) -> None:
        self._options = options

    @cached_property
    def has_browser(self) -> bool:
        """Whether there is a browser, and what drives it."""
        chromium = self._options.chromium or find_chromium()
        return chromium is not None and find_spec("playwright") is not None

    async def fetch(self, url: str, *, max_bytes: int, timeout_s: float) -> Fetched:
        """See `ports.web.Fetcher`."""
        return await self._fetcher.fetch(url, max_bytes=max_bytes, timeout_s=timeout_s)

    async def search(self, query: str, *, deep: bool) -> tuple[SearchResult, ...]:
        """See `ports.web.SearchProvider`."""
        return await self._search.search(query, deep=deep)

    async def find(
        self, library: str, topic: str | None, *, max_tokens: int, workspace: Workspace
    ) -> str | None:
        """See `ports.web.DocsSource`."""
        return await self._docs.find(library, topic, max_tokens=max_tokens, workspace=workspace)

    async def visit(self, url: str, *, wait_until: WaitUntil, timeout_s: float) -> PageVisit:
        """See `ports.web.Browser`."""
        return await self._browser.visit(url, wait_until=wait_until, timeout_s=timeout_s)

    @cached_property
    def _policy(self) -> "EgressPolicy":
        from callboard.web_access.egress.policy import EgressPolicy

        return EgressPolicy(self._options.allow)

    @cached_property
    def _fetcher(self) -> Fetcher:
        from callboard.web_access.fetching.fetcher import HttpFetcher

        return HttpFetcher(self._policy)

    @cached_property
    def _search(self) -> SearchProvider:
        from callboard.web_access.search.service import ServiceSearch

        service = _search_service(self._options)
        if service is None:
            raise WebFailed("No search service is configured.")
        return ServiceSearch(service)

    @cached_property
    def _docs(self) -> DocsSource:
        from callboard.web_access.docs.source import LocalThenService

        if self._options.context7_key is None:
            return LocalThenService()
        from callboard.web_access.docs.context7 import Context7

        return LocalThenService(Context7(self._options.context7_key, self._options.context7_url))

    @cached_property
    def _browser(self) -> Browser:
        chromium = self._options.chromium or find_chromium()
        if chromium is None or not self.has_browser:
            raise WebFailed("There is no Chromium here, or Callboard lacks its extra `browser`.")
        from callboard.web_access.browser.apart import ApartBrowser

        return ApartBrowser(
            chromium,
            self._options.allow,
            own=self._options.own_pages,
            confined=self._options.confined,
        )


def _search_service(options: WebOptions) -> "SearchService | None":
    if options.search == "searxng":
        from callboard.web_access.search.searxng import SearXng

        return SearXng(options.search_url) if options.search_url else None
    if options.search is None or options.search_key is None:
        return None
    from callboard.web_access.search.brave import Brave
    from callboard.web_access.search.exa import Exa
    from callboard.web_access.search.tavily import Tavily

    made: dict[str, Callable[[SecretStr], SearchService]] = {
        "brave": Brave,
        "exa": Exa,
        "tavily": Tavily,
    }
    return made[options.search](options.search_key)
