"""Exa."""

from pydantic import JsonValue, SecretStr

from callboard.ports.web import SearchResult
from callboard.web_access.search.service import entries, text, texts
from callboard.web_access.services.call import ServiceCall

BASE_URL = "https://api.exa.ai"


class Exa:
    """The search of Exa's API, with the passages that fit the query."""

    def __init__(self, key: SecretStr, base_url: str = BASE_URL) -> None:
        self._key = key
        self._url = f"{base_url.rstrip('/')}/search"

    def encode(self, query: str, *, deep: bool) -> ServiceCall:
        """See `SearchService`."""
        return ServiceCall(
            "Exa",
            self._url,
            body={
                "query": query,
                "type": "deep" if deep else "auto",
                "numResults": 20 if deep else 10,
                "contents": {"highlights": True},
            },
            key=self._key,
            key_header="x-api-key",
        )

    def decode(self, answer: JsonValue) -> list[SearchResult]:
        """See `SearchService`."""
        return [
            SearchResult(
                text(one, "title"),
                text(one, "url"),
                " … ".join(texts(one, "highlights")) or text(one, "summary", "text"),
            )
            for one in entries(answer, "results")
        ]
