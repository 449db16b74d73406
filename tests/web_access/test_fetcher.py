"""Fetching over real sockets: redirects, packing, sizes and what never goes out."""

import gzip
import zlib

import aiohttp
import pytest

from callboard.ports.web import WebFailed
from callboard.testing.model.loopback import LoopbackSite, Reply
from callboard.web_access.egress.connector import pinned_connector

from .conftest import fetching, html, known

pytestmark = pytest.mark.anyio


def moved(location, status=302):
    return Reply(status=status, headers={"Location": location, "Content-Type": "text/plain"})


async def got(fetcher, url, max_bytes=100_000, timeout_s=20.0):
    return await fetcher.fetch(url, max_bytes=max_bytes, timeout_s=timeout_s)


async def test_redirects_are_followed_to_the_final_address():
    pages = {"/": moved("/a/b", 301), "/a/b": moved("c?x=1#y", 307), "/a/c": html("<p>there")}
    async with fetching(pages) as (site, fetcher):
        found = await got(fetcher, f"{site.url}/")
    assert (found.url.partition("#")[0], found.body) == (f"{site.url}/a/c?x=1", b"<p>there")


async def test_five_redirects_are_followed_and_a_sixth_is_not():
    pages = {f"/{number}": moved(f"/{number + 1}") for number in range(6)}
    async with fetching({**pages, "/6": html("x")}) as (site, fetcher):
        assert (await got(fetcher, f"{site.url}/1")).status == 200
        with pytest.raises(WebFailed, match="more than 5 redirects"):
            await got(fetcher, f"{site.url}/0")
        assert "/6" not in [request.path for request in site.received[-6:]]


@pytest.mark.parametrize(
    "location",
    [
        *(
            "http://localhost:{port}/secret",
            "http://2130706433:{port}/secret",
            "file:///etc/passwd",
        ),
        *("http://[::ffff:7f00:1]:{port}/secret", "gopher://127.0.0.1:{port}/secret", "//[::1]/x"),
        *("http://user@127.0.0.1:{port}/secret", "http://site.test:{port}/secret", "http://["),
        "http://169.254.169.254/latest/meta-data/",
    ],
)
async def test_every_redirect_is_judged_anew(location):
    async with fetching({"/secret": html("secret")}) as (site, fetcher):
        site.pages["/"] = moved(location.format(port=site.port))
        with pytest.raises(WebFailed):
            await got(fetcher, f"{site.url}/")
        assert [request.path for request in site.received] == ["/"]


async def test_a_name_is_resolved_once_and_the_judged_address_is_connected_to():
    asked = []

    async def resolve(host, port):
        asked.append(host)
        return await known(host, port) if len(asked) == 1 else ("127.0.0.2",)

    async with fetching({"/": html("here")}, ("site.test",), resolve) as (site, fetcher):
        found = await got(fetcher, f"http://site.test:{site.port}/")
    assert (found.body, asked) == (b"here", ["site.test"])
    assert site.received[0].headers["host"] == f"site.test:{site.port}"


async def test_the_connector_opens_no_connection_to_an_address_that_was_not_judged():
    async with LoopbackSite({"/": html("x")}) as site:
        connector = pinned_connector(["127.0.0.9"])
        async with aiohttp.ClientSession(connector=connector) as session:
            with pytest.raises((aiohttp.ClientError, OSError)):
                await session.get(f"{site.url}/")
        assert site.received == []


async def test_nothing_of_ours_goes_out_and_nothing_is_kept():
    pages = {
        "/": Reply(status=302, headers={"Location": "/next", "Set-Cookie": "id=1; Path=/"}),
        "/next": html("x"),
    }
    async with fetching(pages) as (site, fetcher):
        await got(fetcher, f"{site.url}/")
    for request in site.received:
        assert request.headers.keys() <= {
            *("host", "accept", "accept-encoding", "user-agent", "connection")
        }
        assert request.headers["user-agent"].startswith("callboard ")


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_packed_pages_are_unpacked_no_further_than_wanted(encoding):
    plain = b"0" * 50_000_000
    packed = gzip.compress(plain) if encoding == "gzip" else zlib.compress(plain)
    headers = {"Content-Type": "text/plain", "Content-Encoding": encoding}
    async with fetching({"/": Reply([packed], headers=headers)}) as (site, fetcher):
        found = await got(fetcher, f"{site.url}/", max_bytes=1000)
        assert (found.body, found.truncated) == (b"0" * 1000, True)
        found = await got(fetcher, f"{site.url}/", max_bytes=50_000_000)
        assert (len(found.body), found.truncated) == (5_000_000, True)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip"])
async def test_what_is_packed_otherwise_or_wrongly_fails(encoding):
    headers = {"Content-Type": "text/plain", "Content-Encoding": encoding}
    async with fetching({"/": Reply([b"nonsense"], headers=headers)}) as (site, fetcher):
        with pytest.raises(WebFailed, match="packed"):
            await got(fetcher, f"{site.url}/")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("application/pdf", "a PDF"),
        ("image/png", "image/png"),
        ("application/octet-stream", "application/octet-stream"),
    ],
)
async def test_what_is_no_text_is_refused_with_clear_words(kind, said):
    async with fetching({"/": Reply([b"%PDF"], headers={"Content-Type": kind})}) as (site, fetcher):
        with pytest.raises(WebFailed, match=said):
            await got(fetcher, f"{site.url}/")


@pytest.mark.parametrize(
    "kind", ["application/json", "application/xml", "image/svg+xml", "TEXT/HTML", "text/x-rst"]
)
async def test_what_is_text_is_fetched(kind):
    async with fetching({"/": Reply([b"{}"], headers={"Content-Type": kind})}) as (site, fetcher):
        assert (await got(fetcher, f"{site.url}/")).content_type == kind.lower()


async def test_a_server_that_is_silent_or_breaks_off_fails_in_bounded_time():
    text = {"Content-Type": "text/plain"}
    pages = {
        "/silent": Reply(then="hang"),
        "/slow": Reply([b"x"], headers=text, then="hang"),
        "/broken": Reply([b"x"], headers={**text, "Content-Length": "9"}, then="reset"),
    }
    async with fetching(pages) as (site, fetcher):
        for path, said in (("silent", "within"), ("slow", "within")):
            with pytest.raises(WebFailed, match=said):
                await got(fetcher, f"{site.url}/{path}", timeout_s=0.2)
        with pytest.raises(WebFailed, match=r"broke off|connection failed"):
            await got(fetcher, f"{site.url}/broken")
        port = site.port
    async with fetching({}) as (_, fetcher):
        with pytest.raises(WebFailed, match="refuses the connection"):
            await got(fetcher, f"http://127.0.0.1:{port}/")
