"""web_search: titles, addresses and excerpts of pages."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from callboard.domain.tool import ToolFacts
from callboard.ports.tool_services import ToolServices
from callboard.ports.tools import ToolContext, ToolOutcome
from callboard.ports.web import SearchResult, WebFailed
from callboard.tools.arguments import Arguments
from callboard.tools.outcomes import failure, success
from callboard.tools.typed import TypedTool

_MOST_CHARACTERS = 20_000
_NOT_CONFIGURED = (
    "Searching the web is not configured here: the person who runs Callboard has to set CALLBOARD_SEARCH_URL"
    " (the address of a SearXNG server with JSON output) or one of BRAVE_API_KEY, TAVILY_API_KEY and"
    " EXA_API_KEY."
)


class WebSearch(Arguments):
    """Input of web_search."""

    query: Annotated[str, Field(min_length=1, max_length=1000)]
    depth: Literal["standard", "deep"] = "standard"


def make_tool(services: ToolServices) -> TypedTool[WebSearch]:
    """Return the tool; it asks `services.search`."""

    async def web_search(arguments: WebSearch, _: ToolContext) -> ToolOutcome:
        query = arguments.query
        if services.search is None:
            return failure(_NOT_CONFIGURED)
        try:
            found = await services.search.search(query, deep=arguments.depth == "deep")
        except WebFailed as failed:
            return failure(f'Error performing web search for "{query}": {failed}')
        if not found:
            return failure(f'No search results found for "{query}". Try other or fewer words.')
        return success({"result": _listed(found)})

    return TypedTool(
        "web_search",
        WebSearch,
        ToolFacts(access="read", retry_safety="pure", source="web", reach="outside"),
        web_search,
    )


def _listed(found: Sequence[SearchResult]) -> str:
    entries: list[str] = []
    left = _MOST_CHARACTERS
    for number, one in enumerate(found, 1):
        snippet = " ".join(one.snippet.split())
        entry = f"{number}. {' '.join(one.title.split())}\n   {one.url}\n   {snippet}".rstrip()
        left -= len(entry)
        if left < 0:
            break
        entries.append(entry)
    return "\n".join(entries)
