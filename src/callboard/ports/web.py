"""The world outside, as tools may see it: pages, searches, documentation and a browser.

What comes from here was written by anybody: it is data, never an instruction. Every adapter keeps to the
egress policy that it was made with, also when it is redirected.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

from callboard.ports.workspace import Workspace

WaitUntil = Literal["load", "domcontentloaded", "networkidle0"]


class WebFailed(Exception):
    """Something could not be had from the web: not allowed, not reachable, refused. The message is fit for
    a model and holds no key.
    """


@dataclass(frozen=True, slots=True)
class Fetched:
    """A response. `url` is the final one; `content_type` is without parameters, in lower case.

    `charset` is what the server named. `truncated` tells that `body` is only the beginning.
    """

    url: str
    status: int
    content_type: str
    body: bytes
    charset: str | None = None
    truncated: bool = False


class Fetcher(Protocol):
    """Gets pages by HTTP, without cookies or credentials."""

    async def fetch(self, url: str, *, max_bytes: int, timeout_s: float) -> Fetched:
        """Get a URL, following redirects as far as the policy allows.

        Raises:
            WebFailed: not allowed or not reachable. A status of 400 and above is a response.
        """
        ...


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One find, in plain text."""

    title: str
    url: str
    snippet: str


class SearchProvider(Protocol):
    """Searches the web."""

    async def search(self, query: str, *, deep: bool) -> tuple[SearchResult, ...]:
        """Return finds, the best first; `deep` may take longer and find more.

        Raises:
            WebFailed: the service refused or could not be reached.
        """
        ...


class DocsSource(Protocol):
    """Has the documentation of libraries."""

    async def find(
        self, library: str, topic: str | None, *, max_tokens: int, workspace: Workspace
    ) -> str | None:
        """Return documentation on a topic, at most about `max_tokens` long, or None if there is none.
        The workspace may hold some: of its installed packages, or its own.

        Raises:
            WebFailed: the service refused or could not be reached.
        """
        ...


@dataclass(frozen=True, slots=True)
class PageEntry:
    """Something that a page or the browser said.

    `kind` is `log`, `warning`, `error`, `exception` or another word of the browser's. `at` is in seconds since the page was asked for; `source` is a URL with a line, where it is known.
    """

    kind: str
    text: str
    at: float
    source: str | None = None
    stack: str | None = None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A request of a page that failed or was answered with 400 and above (`status` None: no answer)."""

    method: str
    url: str
    status: int | None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class PageVisit:
    """What happened when a page was opened. `error` tells why it could not be.

    `loaded_after` is in seconds since the page was asked for; None: it did not come that far.
    """

    url: str
    title: str
    error: str | None = None
    entries: tuple[PageEntry, ...] = ()
    requests: tuple[PageRequest, ...] = ()
    loaded_after: float | None = None


class Browser(Protocol):
    """Opens pages in a confined browser, a fresh one each time."""

    async def visit(self, url: str, *, wait_until: WaitUntil, timeout_s: float) -> PageVisit:
        """Open a page and return what it logged; a page that does not load is a visit with an error.

        Raises:
            WebFailed: not allowed, or there is no browser to start.
        """
        ...
