"""The adapters and the doubles of `callboard.ports.web`, held to its contracts."""

import json
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from pydantic import SecretStr

from callboard.ports.web import Fetched, PageEntry, PageRequest, PageVisit
from callboard.testing.model.loopback import LoopbackEndpoint, LoopbackSite, Reply
from callboard.testing.web import FixedWeb
from callboard.testing.web_contracts import (
    BrowserContract,
    DocsSourceContract,
    FetcherContract,
    SearchProviderContract,
)
from callboard.testing.world import World, WorldWorkspace
from callboard.web_access.docs.context7 import Context7
from callboard.web_access.docs.source import LocalThenService
from callboard.web_access.search.brave import Brave
from callboard.web_access.search.exa import Exa
from callboard.web_access.search.searxng import SearXng
from callboard.web_access.search.service import ServiceSearch
from callboard.web_access.search.tavily import Tavily

from .conftest import fetching

pytestmark = pytest.mark.anyio
URL = "http://pages.example"
KEY = SecretStr("key")


def reply(page):
    charset = f"; charset={page.charset}" if page.charset else ""
    return Reply([page.body], page.status, {"Content-Type": f"{page.content_type}{charset}"})


class TestHttpFetcher(FetcherContract):
    @asynccontextmanager
    async def serving(self, pages):
        served = {path: reply(page) for path, page in pages.items()}
        async with fetching(served) as (site, fetcher):
            yield fetcher, site.url


class TestFixedFetcher(FetcherContract):
    @asynccontextmanager
    async def serving(self, pages):
        known: dict[str, Fetched] = {
            f"{URL}{path}": replace(page, url=f"{URL}{path}") for path, page in pages.items()
        }
        yield FixedWeb(pages=known), URL


class ServiceContract(SearchProviderContract):
    """A service whose answers this test writes."""

    @asynccontextmanager
    async def finding(self, query, finds):
        answered = Reply(status=503)
        if finds is not None:
            answered = Reply([json.dumps(self.answer(finds)).encode()])
        async with LoopbackEndpoint(answered) as endpoint:
            yield ServiceSearch(self.service(endpoint.url))

    def service(self, url):
        raise NotImplementedError

    def answer(self, finds) -> object:
        return {
            "results": [
                {"title": one.title, "url": one.url, "content": one.snippet} for one in finds
            ]
        }


class TestSearXng(ServiceContract):
    def service(self, url):
        return SearXng(url)


class TestTavily(ServiceContract):
    def service(self, url):
        return Tavily(KEY, url)


class TestBrave(ServiceContract):
    def service(self, url):
        return Brave(KEY, url)

    def answer(self, finds) -> object:
        results = [
            {"title": one.title, "url": one.url, "description": one.snippet} for one in finds
        ]
        return {"web": {"results": results}}


class TestExa(ServiceContract):
    def service(self, url):
        return Exa(KEY, url)

    def answer(self, finds) -> object:
        results = [
            {"title": one.title, "url": one.url, "highlights": [one.snippet]} for one in finds
        ]
        return {"results": results}


class TestFixedSearch(SearchProviderContract):
    @asynccontextmanager
    async def finding(self, query, finds):
        yield FixedWeb(finds={} if finds is None else {query: finds})


class TestInstalledDocumentation(DocsSourceContract):
    @pytest.fixture(autouse=True)
    def place(self, root, workspace):
        self.root, self.workspace = root, workspace

    @asynccontextmanager
    async def documenting(self, library, text):
        readme = self.root / "node_modules" / library / "README.md"
        readme.parent.mkdir(parents=True)
        readme.write_text(text)
        yield LocalThenService(), self.workspace


class TestContext7(DocsSourceContract):
    @asynccontextmanager
    async def documenting(self, library, text):
        kinds = {"Content-Type": "application/json"}

        class Library(LoopbackSite):
            def _reply(self, path):
                asked = self.received[-1].query
                known = path.endswith("/context") or f"libraryName={library}" in asked
                return self.pages[path] if known else Reply([b'{"results": []}'], headers=kinds)

        pages = {
            "/api/v2/libs/search": Reply([b'{"results": [{"id": "/a/b"}]}'], headers=kinds),
            "/api/v2/context": Reply([text.encode()], headers={"Content-Type": "text/plain"}),
        }
        async with Library(pages) as site:
            yield LocalThenService(Context7(KEY, site.url)), WorldWorkspace(World(), "/w")


class TestFixedDocumentation(DocsSourceContract):
    @asynccontextmanager
    async def documenting(self, library, text):
        yield FixedWeb(libraries={library: text, "elsewhere": None}), WorldWorkspace(World(), "/w")


class TestFixedBrowser(BrowserContract):
    @asynccontextmanager
    async def showing(self):
        shown = PageVisit(
            URL, "Contract", entries=(PageEntry("log", "ready 2", 0.1),), loaded_after=0.2
        )
        missing = PageVisit(f"{URL}x", "", requests=(PageRequest("GET", f"{URL}x", 404),))
        yield FixedWeb(visits={URL: shown, f"{URL}x": missing}), URL
