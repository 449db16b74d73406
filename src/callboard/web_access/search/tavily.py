"""Tavily."""

from pydantic import JsonValue, SecretStr

from callboard.ports.web import SearchResult
from callboard.web_access.search.service import entries, text
from callboard.web_access.services.call import ServiceCall

BASE_URL = "https://api.tavily.com"


class Tavily:
    """The search of Tavily's API. A deep search is its `advanced` one."""

    def __init__(self, key: SecretStr, base_url: str = BASE_URL) -> None:
        self._key = key
        self._url = f"{base_url.rstrip('/')}/search"

    def encode(self, query: str, *, deep: bool) -> ServiceCall:
        """See `SearchService`."""
        return ServiceCall(
            "Tavily",
            self._url,
            body={
                "query": query,
                "search_depth": "advanced" if deep else "basic",
                "max_results": 20 if deep else 10,
            },
            key=self._key,
            key_prefix="Bearer ",
        )

    def decode(self, answer: JsonValue) -> list[SearchResult]:
        """See `SearchService`."""
        return [
            SearchResult(text(one, "title"), text(one, "url"), text(one, "content"))
            for one in entries(answer, "results")
        ]
