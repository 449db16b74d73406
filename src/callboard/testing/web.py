"""The web as a test wants it: answers by URL, query or library, and what was asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from callboard.ports.web import Fetched, PageVisit, SearchResult, WaitUntil, WebFailed
from callboard.ports.workspace import Workspace

Found = TypeVar("Found")
_CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class FixedWeb:
    """Every service of `callboard.ports.web`. What is not in the tables cannot be reached."""

    pages: Mapping[str, Fetched] = field(default_factory=dict[str, Fetched])
    finds: Mapping[str, tuple[SearchResult, ...]] = field(
        default_factory=dict[str, tuple[SearchResult, ...]]
    )
    libraries: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    visits: Mapping[str, PageVisit] = field(default_factory=dict[str, PageVisit])
    asked: list[str] = field(default_factory=list[str])

    async def fetch(self, url: str, *, max_bytes: int, timeout_s: float) -> Fetched:
        """Return the page of a URL."""
        del timeout_s
        page = self._known(self.pages, url, url)
        if len(page.body) <= max_bytes:
            return page
        return replace(page, body=page.body[:max_bytes], truncated=True)

    async def search(self, query: str, *, deep: bool) -> tuple[SearchResult, ...]:
        """Return the finds of a query."""
        return self._known(self.finds, query, f"{query} deep" if deep else query)

    async def find(
        self, library: str, topic: str | None, *, max_tokens: int, workspace: Workspace
    ) -> str | None:
        """Return the documentation of a library."""
        del workspace
        text = self._known(self.libraries, library, f"{library} {topic} {max_tokens}")
        return text[: max_tokens * _CHARACTERS_PER_TOKEN] if text else None

    async def visit(self, url: str, *, wait_until: WaitUntil, timeout_s: float) -> PageVisit:
        """Return the visit of a URL."""
        del timeout_s
        return self._known(self.visits, url, f"{url} {wait_until}")

    def _known(self, table: Mapping[str, Found], key: str, asked: str) -> Found:
        self.asked.append(asked)
        if key not in table:
            raise WebFailed(f"{key} cannot be reached.")
        return table[key]
