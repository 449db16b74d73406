"""SearXNG, a search server of one's own. Its settings must list `json` under `search.formats`."""

from pydantic import JsonValue

from callboard.ports.web import SearchResult
from callboard.web_access.search.service import entries, text
from callboard.web_access.services.call import ServiceCall

_MOST = 20


class SearXng:
    """`base_url`: the address of the server, with or without `/search`."""

    def __init__(self, base_url: str) -> None:
        self._url = base_url.rstrip("/").removesuffix("/search") + "/search"

    def encode(self, query: str, *, deep: bool) -> ServiceCall:
        """See `SearchService`."""
        del deep  # the server's settings say where it searches
        return ServiceCall(
            "SearXNG", self._url, {"q": query, "format": "json", "categories": "general"}
        )

    def decode(self, answer: JsonValue) -> list[SearchResult]:
        """See `SearchService`."""
        return [
            SearchResult(text(one, "title"), text(one, "url"), text(one, "content"))
            for one in entries(answer, "results")[:_MOST]
        ]
