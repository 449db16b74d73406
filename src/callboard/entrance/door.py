"""What every request passes before a route sees it: host, origin, size, who asks; and what every answer bears."""

import asyncio
import logging
import re
import time
from collections.abc import Callable
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from callboard.domain.errors import CallboardError
from callboard.entrance.asking import Asker, Site, find_asker
from callboard.entrance.problems import inside, of_error, problem
from callboard.usecases.app import App

MOST_BYTES: Final = 1_000_000
MOST_BYTES_OF_FILES: Final = 6_000_000
"""Where files are sent: one of the largest, as base64 in JSON."""
_FILES: Final = re.compile(r"(/api/v1)?/tasks/[^/]{1,40}/attachments")
_BODY_WITHIN_S: Final = 30.0
_GUARDED: Final = "/api/v1/"
OPEN: Final = frozenset(
    {
        ("POST", "/api/v1/sessions"),
        ("POST", "/api/v1/setup"),
        ("GET", "/api/v1/openid/start"),
        ("GET", "/api/v1/openid/finish"),
    }
)
"""What is for those who are not signed in yet."""
_NOBODYS: Final = ("/static/", "/healthz", "/readyz", "/api/openapi.json")
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_BORNE: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
log: Final = logging.getLogger("callboard.access")


class Door:
    """ASGI middleware around the whole site."""

    def __init__(
        self, inner: ASGIApp, app: Callable[[], App], site: Site, most_bytes: int = MOST_BYTES
    ) -> None:
        self._inner = inner
        self._app = app
        self._site = site
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it here."""
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
            return
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        exchange = _Exchange(scope, send, secure=self._site.is_secure)
        try:
            refusal = self._wrong_place(scope) or await self._wrong_person(scope)
            if refusal is None:
                receive, refusal = await self._whole_body(scope, receive)
            if refusal is not None:
                await refusal(scope, receive, exchange.send)
            else:
                await self._inner(scope, receive, exchange.send)
        except Exception as error:  # noqa: BLE001 - the caller gets an answer, the log the reason
            exchange.note_failure(error)
            if not exchange.status:
                await inside()(scope, receive, exchange.send)
        finally:
            exchange.note()

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a browser's socket in, of our own pages and for somebody who is signed in."""
        headers = Headers(scope=scope)
        from_us = self._site.is_own(headers.get("origin", ""), headers.get("host", ""))
        if self._wrong_place(scope) is None and from_us and await self._known(scope) is None:
            await self._inner(scope, receive, send)
            return
        await send({"type": "websocket.close", "code": 1008})

    def _wrong_place(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._site.serves(host):
            detail = "requests name this deployment in `Host`; set CALLBOARD_URL where it has another name"
            return problem(421, "unknown_host", detail)
        origin = headers.get("origin")
        if origin is not None and not self._site.is_own(origin, host):
            return problem(403, "foreign_origin", "pages of other sites may not ask here")
        crosses = headers.get("sec-fetch-site") in ("cross-site", "same-site")
        if crosses and scope.get("method", "GET") not in _SAFE:
            return problem(403, "foreign_origin", "pages of other sites may not ask here")
        return None

    async def _wrong_person(self, scope: Scope) -> Response | None:
        if scope["path"].startswith(_NOBODYS) or (scope["method"], scope["path"]) in OPEN:
            return None
        if not scope["path"].startswith(_GUARDED):
            await self._known(scope)  # a page asks whoever is not known to sign in
            return None
        return await self._known(scope) or self._by_cookie_alone(scope)

    def _by_cookie_alone(self, scope: Scope) -> Response | None:
        """Refuse to change anything for a browser that does not say that a page of ours asks. Every browser of today
        does; programs give a token, which no page of another site has.
        """
        headers = Headers(scope=scope)
        says = "origin" in headers or headers.get("sec-fetch-site") in ("same-origin", "none")
        if says or scope["method"] in _SAFE or scope["state"]["asker"].way != "session":
            return None
        detail = (
            "this cookie came without `Origin`: a browser sends both, and a program gives a token"
        )
        return problem(403, "foreign_origin", detail)

    async def _known(self, scope: Scope) -> Response | None:
        """Note who asks, or return why that is nobody."""
        headers = Headers(scope=scope)
        client = scope.get("client")
        try:
            asker = await find_asker(self._app(), self._site, headers, cookies(headers), client)
        except CallboardError as error:
            return of_error(error)
        scope.setdefault("state", {})["asker"] = asker
        return None

    async def _whole_body(self, scope: Scope, receive: Receive) -> tuple[Receive, Response | None]:
        """Read the body before anything is done about it, as long as it is one that anybody may send."""
        takes_files = _FILES.fullmatch(scope["path"]) is not None
        most = max(self._most_bytes, MOST_BYTES_OF_FILES) if takes_files else self._most_bytes
        too_large = problem(413, "too_large", f"a request has at most {most} bytes")
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdigit() or int(announced) > most:
            return receive, too_large
        body = bytearray()
        try:
            async with asyncio.timeout(_BODY_WITHIN_S):
                while True:
                    message = await receive()
                    body += message.get("body", b"")
                    if len(body) > most:
                        return receive, too_large
                    if not message.get("more_body", False):
                        break
        except TimeoutError:
            return receive, problem(408, "too_slow", "the request took too long to arrive")
        return _again(bytes(body), receive), None


def _again(body: bytes, receive: Receive) -> Receive:
    """Return a way to receive that gives the body first, and then whatever comes."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return pending.pop() if pending else await receive()

    return receive_again


def cookies(headers: Headers) -> dict[str, str]:
    """Return the cookies of a request; those of other programs on the same host may be of any form."""
    return cookie_parser(headers.get("cookie", ""))


class _Exchange:
    """One request and its answer."""

    def __init__(self, scope: Scope, send: Send, *, secure: bool) -> None:
        self._scope = scope
        self._send = send
        self._secure = secure
        self._began = time.monotonic()
        self.status = 0

    async def send(self, message: Message) -> None:
        """Send a part of the answer; the first one with what every answer bears."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in _BORNE.items():
                headers.setdefault(name, value)
            if self._secure:
                headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        await self._send(message)

    def note_failure(self, error: Exception) -> None:
        """Write down what nobody expected, for whoever looks after the deployment."""
        log.error("%s %s went wrong", self._scope["method"], self._scope["path"], exc_info=error)

    def note(self) -> None:
        """Write a line for the log: nothing of the query, the headers or the body is in it."""
        asker: Asker | None = self._scope.get("state", {}).get("asker")
        took = (time.monotonic() - self._began) * 1000
        method, path = self._scope["method"], self._scope["path"]
        account = asker.account if asker is not None else "-"
        log.info("%s %s %d %.0f ms %s", method, ascii(path)[1:-1], self.status, took, account)
