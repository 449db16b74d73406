"""What a page logs and what its requests come to, while it is open. Bounded in count and length."""

from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.async_api import ConsoleMessage, Error, Page, Request, Response, WebSocket

from callboard.ports.web import PageEntry, PageRequest

_MOST = 500
_LONGEST = 10_000
_LONGEST_URL = 2000
NOT_PART = (
    "is not part of the page that was asked for; the person who runs Callboard can permit it with"
    " CALLBOARD_WEB_ALLOW"
)


@dataclass  # without slots: Playwright leaves its marks on whose methods it calls
class Watch:
    """Collects. `now` gives the seconds since the page was asked for, `may` says what it may reach."""

    now: Callable[[], float]
    may: Callable[[str], bool]
    entries: list[PageEntry] = field(default_factory=list[PageEntry])
    requests: list[PageRequest] = field(default_factory=list[PageRequest])

    def attach(self, page: Page) -> None:
        """Listen to a page."""
        page.on("console", self._logged)
        page.on("pageerror", self._thrown)
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)
        page.on("websocket", self._opened)

    def _logged(self, message: ConsoleMessage) -> None:
        place = message.location
        source = f"{place['url']}:{place['lineNumber'] + 1}" if place["url"] else None
        self._entry(PageEntry(message.type, message.text[:_LONGEST], self.now(), source))

    def _thrown(self, error: Error) -> None:
        text = f"{error.name}: {error.message}" if error.name else error.message
        stack = error.stack[:_LONGEST] if error.stack else None
        self._entry(PageEntry("exception", text[:_LONGEST], self.now(), stack=stack))

    def _failed(self, request: Request) -> None:
        told = ((one.method, one.url) for one in self.requests if one.status is not None)
        if (request.method, request.url[:_LONGEST_URL]) not in told:
            self._request(request.method, request.url, None, request.failure or "failed")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self._request(response.request.method, response.url, response.status, None)

    def _opened(self, socket: WebSocket) -> None:
        if not self.may(socket.url):
            self._request("GET", socket.url, None, None)

    def _entry(self, entry: PageEntry) -> None:
        if len(self.entries) < _MOST:
            self.entries.append(entry)

    def _request(self, method: str, url: str, status: int | None, error: str | None) -> None:
        if not self.may(url):
            status, error = None, f"not allowed: it {NOT_PART}"
        if len(self.requests) < _MOST:
            self.requests.append(PageRequest(method, url[:_LONGEST_URL], status, error))
