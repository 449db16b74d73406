"""read_docs: the documentation of a library."""

from typing import Annotated

from pydantic import AliasChoices, Field

from callboard.domain.tool import ToolFacts
from callboard.ports.tool_services import ToolServices
from callboard.ports.tools import ToolContext, ToolOutcome
from callboard.ports.web import WebFailed
from callboard.tools.arguments import Arguments
from callboard.tools.outcomes import failure, success
from callboard.tools.typed import TypedTool

_CHARACTERS_PER_TOKEN = 4
_NOT_CONFIGURED = (
    "Documentation of libraries is not configured here: the person who runs Callboard can set"
    " CONTEXT7_API_KEY. Until then look into the installed packages, or use web_search."
)


class ReadDocs(Arguments):
    """Input of read_docs."""

    libraryTitle: Annotated[  # noqa: N815 - the language's own spelling
        str,
        Field(
            min_length=1,
            max_length=200,
            description="Its usual name, such as Next.js",
            validation_alias=AliasChoices("libraryTitle", "library_title", "library"),
        ),
    ]
    topic: Annotated[str | None, Field(max_length=500, description="What it shall be about")] = None
    max_tokens: Annotated[int, Field(ge=100, le=50_000)] = 10_000


def make_tool(services: ToolServices) -> TypedTool[ReadDocs]:
    """Return the tool; it asks `services.docs`."""

    async def read_docs(arguments: ReadDocs, context: ToolContext) -> ToolOutcome:
        title, topic = arguments.libraryTitle, arguments.topic or None
        if services.docs is None:
            return failure(_NOT_CONFIGURED)
        try:
            text = await services.docs.find(
                title, topic, max_tokens=arguments.max_tokens, workspace=context.workspace
            )
        except WebFailed as failed:
            return success(
                {"documentation": f'Error fetching documentation for "{title}": {failed}'}
            )
        if not text:
            about = f' with topic "{topic}"' if topic else ""
            text = f'No documentation found for "{title}"{about}. Try another spelling or topic.'
        return success({"documentation": text[: arguments.max_tokens * _CHARACTERS_PER_TOKEN]})

    return TypedTool(
        "read_docs",
        ReadDocs,
        ToolFacts(access="read", retry_safety="pure", source="web", reach="outside"),
        read_docs,
    )
