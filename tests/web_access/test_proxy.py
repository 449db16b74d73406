"""The browser's only way out, as a client meets it."""

import asyncio
from contextlib import suppress

import pytest
from tests.unused import unused_port

from callboard.ports.web import WebFailed
from callboard.testing.model.loopback import LoopbackSite
from callboard.web_access.browser.access import access_for
from callboard.web_access.browser.proxy import proxy
from callboard.web_access.egress.policy import EgressPolicy

from .conftest import html, known

pytestmark = pytest.mark.anyio


async def said(place, request):
    host, _, port = place.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(request.encode())
        async with asyncio.timeout(60):
            return await reader.read()
    finally:
        writer.close()


def access(url, allow=(), own=True):
    return access_for(url, EgressPolicy(allow, known), own=own)


async def test_what_the_page_may_reach_is_passed_on():
    async with (
        LoopbackSite({"/a": html("hello")}) as site,
        proxy(access(site.url).addresses) as place,
    ):
        fields = "Host: h\r\nProxy-Connection: keep-alive\r\nConnection: keep-alive\r\nX: y\r\n\r\n"
        answer = await said(place, f"GET {site.url}/a?b=1 HTTP/1.1\r\n{fields}")
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"hello" in answer
        [request] = site.received
        assert (request.path, request.query) == ("/a", "b=1")
        assert request.headers["connection"] == "close"
        assert "proxy-connection" not in request.headers
        tunnel = f"CONNECT 127.0.0.1:{site.port} HTTP/1.1\r\n\r\n"
        inside = "GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
        answer = await said(place, tunnel + inside)
        assert answer.startswith(b"HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 200")


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        ("GET http://127.0.0.1:{other}/ HTTP/1.1", 403),
        ("CONNECT 127.0.0.1:{other} HTTP/1.1", 403),
        ("GET http://localhost:{port}/ HTTP/1.1", 403),
        ("GET http://2130706433:{port}/ HTTP/1.1", 403),
        ("CONNECT [::ffff:7f00:1]:{port} HTTP/1.1", 403),
        ("CONNECT 169.254.169.254:80 HTTP/1.1", 403),
        ("GET http://public.test/ HTTP/1.1", 403),
        ("GET /a HTTP/1.1", 400),
        ("CONNECT nothing HTTP/1.1", 400),
        ("GET ftp://127.0.0.1:{port}/ HTTP/1.1", 400),
        ("nonsense", 400),
        ("X" * 70_000, 400),
    ],
)
async def test_what_it_may_not_reach_is_refused(request_line, status):
    async with (
        LoopbackSite({}) as site,
        LoopbackSite({}) as other,
        proxy(access(site.url).addresses) as place,
    ):
        line = request_line.format(port=site.port, other=other.port)
        answer = await said(place, f"{line}\r\nHost: x\r\n\r\n")
        assert answer.startswith(f"HTTP/1.1 {status} ".encode())
        assert (site.received, other.received) == ([], [])


async def test_a_server_that_is_not_there_is_told_and_not_waited_for():
    url = f"http://127.0.0.1:{unused_port()}"
    async with proxy(access(url).addresses) as place:
        assert (await said(place, f"GET {url}/ HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 502")


async def test_connections_end_with_the_visit():
    async with proxy(access("http://127.0.0.1:9").addresses) as place:
        host, _, port = place.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET ")
        await writer.drain()
    with suppress(ConnectionResetError):
        async with asyncio.timeout(60):
            assert await reader.read() == b""
    writer.close()


def test_a_page_may_reach_its_origin_and_what_is_allowed():
    page = access("http://site.test/", ["api.test:8080", "all.test"])
    for url in ("http://site.test/x", "https://site.test/", "ws://site.test/", "data:text/plain,x"):
        assert page.may_url(url)
    for url in ("http://api.test:8080/", "wss://all.test/", "http://all.test:1/", "blob:x"):
        assert page.may_url(url)
    for url in ("http://site.test:81/", "http://api.test/", "file:///x", "http://x.site.test/", ""):
        assert not page.may_url(url)


async def test_a_name_of_this_machine_must_also_be_one():
    page = access("http://inside.test/")
    with pytest.raises(WebFailed, match="private network"):
        await page.addresses("inside.test", 80)
    with pytest.raises(WebFailed, match="this machine"):
        await access("http://127.0.0.1/", own=False).addresses("127.0.0.1", 80)
