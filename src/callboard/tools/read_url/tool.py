"""read_url: the text of a page."""

import asyncio
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from callboard.domain.message import JsonObject
from callboard.domain.tool import ToolFacts
from callboard.ports.tool_services import ToolServices
from callboard.ports.tools import ToolContext, ToolOutcome
from callboard.ports.web import Fetched, WebFailed
from callboard.tools.arguments import Arguments
from callboard.tools.outcomes import failure, success
from callboard.tools.read_url.page import PageUnreadable, read_page
from callboard.tools.typed import TypedTool

_LARGEST = 3_000_000
_TIMEOUT_S = 30.0
_FEWEST, _MOST = 1000, 50_000
_NOT_CONFIGURED = (
    "Reading pages of the web is not configured here: the person who runs Callboard has to give this"
    " installation a fetcher with rules on which addresses may be reached."
)


def require_web_address(url: str) -> str:
    """Return a URL that names a page of the web.

    Raises:
        ValueError: it does not.
    """
    try:
        parts = urlsplit(url)
    except ValueError as problem:
        raise ValueError(f"not a URL: {problem}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be a complete URL that begins with http:// or https://")
    if parts.username or parts.password:
        raise ValueError("must not hold a user name or a password")
    return url


class ReadUrl(Arguments):
    """Input of read_url."""

    url: Annotated[str, Field(min_length=1, max_length=4000)]
    max_chars: Annotated[int, Field(description="Of text, 1000 to 50000")] = 20_000

    _is_page = field_validator("url")(require_web_address)

    @field_validator("max_chars")
    @classmethod
    def _clamped(cls, value: int) -> int:
        return min(max(value, _FEWEST), _MOST)


def make_tool(services: ToolServices) -> TypedTool[ReadUrl]:
    """Return the tool; it asks `services.fetcher`."""

    async def read_url(arguments: ReadUrl, _: ToolContext) -> ToolOutcome:
        if services.fetcher is None:
            return failure(_NOT_CONFIGURED, url=arguments.url)
        try:
            fetched = await services.fetcher.fetch(
                arguments.url, max_bytes=_LARGEST, timeout_s=_TIMEOUT_S
            )
        except WebFailed as failed:
            return failure(f"Failed to read {arguments.url}: {failed}", url=arguments.url)
        return await asyncio.to_thread(_outcome, arguments, fetched)

    return TypedTool(
        "read_url",
        ReadUrl,
        ToolFacts(access="read", retry_safety="pure", source="web", reach="outside"),
        read_url,
    )


def _outcome(arguments: ReadUrl, fetched: Fetched) -> ToolOutcome:
    facts: dict[str, Any] = {"url": arguments.url, "finalUrl": fetched.url}
    if fetched.status >= 400:
        return failure(f"The server answered with status {fetched.status}.", **facts)
    try:
        page = read_page(fetched)
    except PageUnreadable as unreadable:
        return failure(f"There is nothing to read at {fetched.url}. {unreadable}", **facts)
    text = page.text[: arguments.max_chars]
    result: JsonObject = {**facts, "title": page.title}
    if page.description:
        result["description"] = page.description
    return success({**result, "text": text, "truncated": fetched.truncated or text != page.text})
