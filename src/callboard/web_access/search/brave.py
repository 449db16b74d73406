"""Brave Search."""

import html
import re

from pydantic import JsonValue, SecretStr

from callboard.ports.web import SearchResult
from callboard.web_access.search.service import entries, text, texts
from callboard.web_access.services.call import ServiceCall

BASE_URL = "https://api.search.brave.com"
_TAG = re.compile(r"</?[a-z]+[^<>]*>", re.IGNORECASE)


class Brave:
    """The web search of Brave's API."""

    def __init__(self, key: SecretStr, base_url: str = BASE_URL) -> None:
        self._key = key
        self._url = f"{base_url.rstrip('/')}/res/v1/web/search"

    def encode(self, query: str, *, deep: bool) -> ServiceCall:
        """See `SearchService`."""
        wanted = {"count": "20", "extra_snippets": "true"} if deep else {"count": "10"}
        return ServiceCall(
            "Brave Search",
            self._url,
            {"q": query, "text_decorations": "false", "result_filter": "web", **wanted},
            key=self._key,
            key_header="X-Subscription-Token",
        )

    def decode(self, answer: JsonValue) -> list[SearchResult]:
        """See `SearchService`."""
        return [
            SearchResult(
                _plain(text(one, "title")),
                text(one, "url"),
                _plain(" ".join([text(one, "description"), *texts(one, "extra_snippets")]).strip()),
            )
            for one in entries(answer, "web", "results")
        ]


def _plain(marked: str) -> str:
    """Return text without the marks that Brave puts around words that were asked for."""
    return html.unescape(_TAG.sub("", marked))
