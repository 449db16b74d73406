"""browser_logs: open a page and see what it logs."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue, field_validator

from callboard.domain.message import JsonObject
from callboard.domain.tool import ToolFacts
from callboard.ports.tool_services import ToolServices
from callboard.ports.tools import ToolContext, ToolOutcome
from callboard.ports.web import PageEntry, PageRequest, PageVisit, WaitUntil, WebFailed
from callboard.tools.arguments import Arguments
from callboard.tools.outcomes import failure, success
from callboard.tools.read_url.tool import require_web_address
from callboard.tools.typed import TypedTool

_TIMEOUT_S = 15.0
_MOST_ENTRIES = 200
_LONGEST_TEXT = 2000
_NOT_CONFIGURED = (
    "There is no browser here: the person who runs Callboard has to install one (a Chromium of the system) and"
    " `pip install callboard[browser]`."
)


class BrowserLogs(Arguments):
    """Input of browser_logs."""

    type: Literal["navigate"] = "navigate"
    url: Annotated[str, Field(min_length=1, max_length=4000)]
    waitUntil: Annotated[  # noqa: N815 - the language's own spelling
        WaitUntil, Field(description="When the page counts as loaded")
    ] = "load"

    _is_page = field_validator("url")(require_web_address)


def make_tool(services: ToolServices) -> TypedTool[BrowserLogs]:
    """Return the tool; it uses `services.browser`."""

    async def browser_logs(arguments: BrowserLogs, _: ToolContext) -> ToolOutcome:
        if services.browser is None:
            return failure(_NOT_CONFIGURED, success=False)
        try:
            visit = await services.browser.visit(
                arguments.url, wait_until=arguments.waitUntil, timeout_s=_TIMEOUT_S
            )
        except WebFailed as failed:
            return failure(str(failed), success=False)
        return success(_shown(visit))

    return TypedTool(
        "browser_logs",
        BrowserLogs,
        ToolFacts(access="read", retry_safety="pure", source="web", reach="outside"),
        browser_logs,
    )


def _shown(visit: PageVisit) -> JsonObject:
    logs: list[JsonValue] = [_entry(entry) for entry in visit.entries[:_MOST_ENTRIES]]
    requests: list[JsonValue] = [_request(request) for request in visit.requests[:_MOST_ENTRIES]]
    shown: JsonObject = {"success": visit.error is None, "url": visit.url, "title": visit.title}
    if visit.error is not None:
        shown["error"] = visit.error
    shown["logs"] = logs
    if requests:
        shown["networkEvents"] = requests
    if visit.loaded_after is not None:
        shown["metrics"] = {"loadTime": round(visit.loaded_after * 1000)}
    left_out = len(visit.entries) - len(logs)
    if left_out:
        shown["message"] = f"{left_out} more log entries were left out."
    return shown


def _entry(entry: PageEntry) -> JsonObject:
    shown: JsonObject = {"type": entry.kind, "message": entry.text[:_LONGEST_TEXT]}
    shown["timestamp"] = round(entry.at, 3)
    if entry.source:
        shown["source"] = entry.source
    if entry.stack:
        shown["stack"] = entry.stack[:_LONGEST_TEXT]
    return shown


def _request(request: PageRequest) -> JsonObject:
    shown: JsonObject = {"method": request.method, "url": request.url[:_LONGEST_TEXT]}
    if request.status is not None:
        shown["status"] = request.status
    if request.error:
        shown["error"] = request.error
    return shown
