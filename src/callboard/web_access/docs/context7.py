"""Context7, a service that has the documentation of libraries. The encoding and decoding is pure."""

from pydantic import JsonValue, SecretStr

from callboard.web_access.services.call import ServiceCall, ask

BASE_URL = "https://context7.com"
_NAME = "Context7"


class Context7:
    """The service. `base_url`: the origin, without `/api`."""

    def __init__(self, key: SecretStr, base_url: str | None = None) -> None:
        self._key = key
        self._url = f"{(base_url or BASE_URL).rstrip('/')}/api/v2"

    async def find(self, library: str, topic: str | None) -> str | None:
        """Return documentation, or None if the library is not known.

        Raises:
            WebFailed: the service refused or could not be reached.
        """
        found = library_id((await ask(self.encode_search(library, topic))).json())
        if found is None:
            return None
        return (await ask(self.encode_context(found, topic or library))).text.strip() or None

    def encode_search(self, library: str, topic: str | None) -> ServiceCall:
        """Return the request for the id of a library."""
        return self._call("libs/search", {"libraryName": library, "query": topic or library})

    def encode_context(self, library: str, topic: str) -> ServiceCall:
        """Return the request for documentation."""
        return self._call("context", {"libraryId": library, "query": topic, "type": "txt"})

    def _call(self, path: str, query: dict[str, str]) -> ServiceCall:
        url = f"{self._url}/{path}"
        return ServiceCall(_NAME, url, query, key=self._key, key_prefix="Bearer ")


def library_id(answer: JsonValue) -> str | None:
    """Return the id of the best find; the list comes bare or under `results`."""
    results = answer.get("results") if isinstance(answer, dict) else answer
    first = results[0] if isinstance(results, list) and results else None
    found = first.get("id") if isinstance(first, dict) else None
    return found if isinstance(found, str) and found else None
