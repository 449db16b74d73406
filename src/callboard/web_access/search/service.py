"""What a search service is, and a provider made of one."""

from collections.abc import Sequence
from typing import Protocol

from pydantic import JsonValue

from callboard.domain.message import JsonObject
from callboard.ports.web import SearchResult, WebFailed
from callboard.web_access.services.call import TIMEOUT_S, ServiceCall, ask

_DEEP_TIMES = 3


class SearchService(Protocol):
    """The two halves of a service, both pure."""

    def encode(self, query: str, *, deep: bool) -> ServiceCall:
        """Return the request."""
        ...

    def decode(self, answer: JsonValue) -> Sequence[SearchResult]:
        """Return the finds of an answer; what is not as expected is left out."""
        ...


class ServiceSearch:
    """`ports.web.SearchProvider` over a service. A deep search may take three times as long."""

    def __init__(self, service: SearchService, *, timeout_s: float = TIMEOUT_S) -> None:
        self._service = service
        self._timeout_s = timeout_s

    async def search(self, query: str, *, deep: bool) -> tuple[SearchResult, ...]:
        """See `ports.web.SearchProvider`."""
        call = self._service.encode(query, deep=deep)
        timeout_s = self._timeout_s * (_DEEP_TIMES if deep else 1)
        answer = (await ask(call, timeout_s=timeout_s)).json()
        if not isinstance(answer, dict):
            raise WebFailed(f"{call.service} answered in a shape that is not known.")
        return tuple(self._service.decode(answer))


def entries(answer: JsonValue, *path: str) -> list[JsonObject]:
    """Return the objects of the list at a path of names; none where there is no such list."""
    for name in path:
        answer = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(answer, list):
        return []
    return [entry for entry in answer if isinstance(entry, dict) and text(entry, "url")]


def text(entry: JsonObject, *names: str) -> str:
    """Return the first text that an entry has under one of the names, or ""."""
    found = (entry.get(name) for name in names)
    return next((value for value in found if isinstance(value, str) and value), "")


def texts(entry: JsonObject, name: str) -> list[str]:
    """Return the texts of the list that an entry has under a name."""
    value = entry.get(name)
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
