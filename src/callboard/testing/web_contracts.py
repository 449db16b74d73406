# ruff: noqa: D102 -- the tests are named as the sentences that a docstring would repeat
"""What every adapter of `callboard.ports.web` does, as tests. Subclass, and say how to get one.

The tests are coroutines: mark the classes with `pytest.mark.anyio`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager

import pytest

from callboard.ports.web import (
    Browser,
    DocsSource,
    Fetched,
    Fetcher,
    SearchProvider,
    SearchResult,
    WebFailed,
)
from callboard.ports.workspace import Workspace

_ENOUGH = 100_000
_TIMEOUT_S = 30.0


class FetcherContract(ABC):
    """The behaviour of `callboard.ports.web.Fetcher`."""

    nowhere = "http://nowhere.invalid/"

    @abstractmethod
    def serving(
        self, pages: Mapping[str, Fetched]
    ) -> AbstractAsyncContextManager[tuple[Fetcher, str]]:
        """Return a fetcher that finds these pages, by path, and the address before the paths.

        Of a page status, content type, charset and body count.
        """

    async def got(self, page: Fetched, max_bytes: int = _ENOUGH) -> tuple[Fetched, str]:
        """Return what a fetcher makes of a page, and the page's address."""
        async with self.serving({"/page": page}) as (fetcher, base):
            url = f"{base}/page"
            found = await fetcher.fetch(url, max_bytes=max_bytes, timeout_s=_TIMEOUT_S)
            return found, url

    async def test_a_page_comes_with_address_status_kind_and_body(self) -> None:
        page = Fetched("", 200, "text/plain", "müde".encode("latin-1"), "iso-8859-1")
        found, url = await self.got(page)
        assert found.url == url
        assert (found.status, found.content_type, found.charset) == (
            200,
            "text/plain",
            "iso-8859-1",
        )
        assert (found.body, found.truncated) == (page.body, False)

    async def test_a_status_that_means_failure_is_a_response(self) -> None:
        found, _ = await self.got(Fetched("", 404, "text/html", b"<p>gone"))
        assert (found.status, found.body) == (404, b"<p>gone")

    async def test_a_body_longer_than_wanted_is_cut_and_said_to_be(self) -> None:
        found, _ = await self.got(Fetched("", 200, "text/plain", b"0123456789"), max_bytes=4)
        assert (found.body, found.truncated) == (b"0123", True)
        found, _ = await self.got(Fetched("", 200, "text/plain", b"0123"), max_bytes=4)
        assert (found.body, found.truncated) == (b"0123", False)

    async def test_what_cannot_be_reached_fails_with_words(self) -> None:
        async with self.serving({}) as (fetcher, _):
            with pytest.raises(WebFailed, match="nowhere"):
                await fetcher.fetch(self.nowhere, max_bytes=_ENOUGH, timeout_s=_TIMEOUT_S)


class SearchProviderContract(ABC):
    """The behaviour of `callboard.ports.web.SearchProvider`."""

    @abstractmethod
    def finding(
        self, query: str, finds: tuple[SearchResult, ...] | None
    ) -> AbstractAsyncContextManager[SearchProvider]:
        """Return a provider that finds this for a query; None: its service refuses."""

    @pytest.mark.parametrize("deep", [False, True])
    async def test_finds_come_in_order(self, deep: bool) -> None:
        finds = (
            SearchResult("First & best", "https://a.example/1", "It says so."),
            SearchResult("Second", "https://b.example/2", ""),
        )
        async with self.finding("what is it", finds) as provider:
            assert await provider.search("what is it", deep=deep) == finds

    async def test_nothing_found_is_no_failure(self) -> None:
        async with self.finding("nothing", ()) as provider:
            assert await provider.search("nothing", deep=False) == ()

    async def test_a_refusal_fails_with_words(self) -> None:
        async with self.finding("anything", None) as provider:
            with pytest.raises(WebFailed):
                await provider.search("anything", deep=False)


class DocsSourceContract(ABC):
    """The behaviour of `callboard.ports.web.DocsSource`."""

    @abstractmethod
    def documenting(
        self, library: str, text: str
    ) -> AbstractAsyncContextManager[tuple[DocsSource, Workspace]]:
        """Return a source that knows one library, and no other, and a workspace to ask it with."""

    async def test_what_is_documented_is_found(self) -> None:
        text = "Routes are made with the decorator `route`."
        async with self.documenting("waypoint", text) as (source, workspace):
            found = await source.find("waypoint", "routes", max_tokens=1000, workspace=workspace)
            assert found is not None
            assert text in found

    async def test_a_topic_is_not_needed(self) -> None:
        async with self.documenting("waypoint", "It finds the way.") as (source, workspace):
            found = await source.find("waypoint", None, max_tokens=1000, workspace=workspace)
            assert found is not None
            assert "It finds the way." in found

    async def test_an_unknown_library_has_none(self) -> None:
        async with self.documenting("waypoint", "It finds the way.") as (source, workspace):
            found = await source.find("elsewhere", "x", max_tokens=1000, workspace=workspace)
            assert found is None

    async def test_no_more_comes_than_was_asked_for(self) -> None:
        async with self.documenting("waypoint", "words " * 5000) as (source, workspace):
            found = await source.find("waypoint", "words", max_tokens=100, workspace=workspace)
            assert found is not None
            assert 0 < len(found) <= 400


CONTRACT_PAGE = (
    "<!doctype html><title>Contract</title><script>console.log('ready', 1 + 1)</script><p>Hello"
)


class BrowserContract(ABC):
    """The behaviour of `callboard.ports.web.Browser`."""

    @abstractmethod
    def showing(self) -> AbstractAsyncContextManager[tuple[Browser, str]]:
        """Return a browser that can open `CONTRACT_PAGE` at an address, but not at the address + `x`."""

    async def test_a_visit_tells_what_the_page_logged(self) -> None:
        async with self.showing() as (browser, url):
            visit = await browser.visit(url, wait_until="load", timeout_s=_TIMEOUT_S)
            assert (visit.url, visit.title, visit.error) == (url, "Contract", None)
            assert [(entry.kind, entry.text) for entry in visit.entries] == [("log", "ready 2")]
            assert visit.entries[0].at >= 0
            assert visit.loaded_after is not None

    async def test_a_failed_request_of_a_page_is_told(self) -> None:
        async with self.showing() as (browser, url):
            visit = await browser.visit(f"{url}x", wait_until="load", timeout_s=_TIMEOUT_S)
            assert [(one.method, one.url, one.status) for one in visit.requests] == [
                ("GET", f"{url}x", 404)
            ]
