"""What is behind the rows of a thread: one event of a run, whole."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Path
from markupsafe import Markup
from starlette.responses import Response

from callboard.domain.events.files import FilesChanged
from callboard.domain.events.tool_call import ToolCallCompleted
from callboard.domain.message import JsonObject, JsonOutput, ToolOutputs
from callboard.domain.run_row import RunRow
from callboard.entrance.names import RunId
from callboard.usecases.runs import find_run
from callboard.usecases.threads import thread_event
from callboard.web.form_routes import FormRoute
from callboard.web.page import Page
from callboard.web.render import invisible
from callboard.web.render.changes import files_of
from callboard.web.render.diff import diff
from callboard.web.visit import At

router = APIRouter(route_class=FormRoute)
_MOST_LINES: Final = 200


@dataclass(frozen=True, slots=True)
class EventPage(Page):
    """What is behind one row: the whole result of a call, or a diff."""

    template = "event.html"
    section = "runs"
    run: RunRow
    seq: int
    kind: str
    at: datetime
    body: Markup
    more: str

    @property
    def title(self) -> str:
        """The heading."""
        return f"Event {self.seq} of {self.run.title}"


@router.get("/runs/{run_id}/events/{seq}")
async def event(at: At, run_id: RunId, seq: Annotated[int, Path(ge=1, le=2**53)]) -> Response:
    """Show what is behind a row."""
    row = await find_run(at.app, at.who, run_id)
    recorded = await thread_event(at.app, at.who, run_id, seq)
    whole = at.query("all") == "1"
    more = f"/runs/{run_id}/events/{seq}?all=1"
    match recorded.event:
        case ToolCallCompleted(output=output):
            body = _output(output or (), more, whole=whole)
        case FilesChanged(diff=text):
            limit = None if whole else 500
            body = diff(files_of(text or ""), limit=limit, more=more)
        case other:
            shown = json.dumps(
                other.model_dump(mode="json", by_alias=True), indent=2, ensure_ascii=False
            )
            body = _lines(shown, more, whole=whole)
    page = EventPage(row, seq, recorded.event.type, recorded.at, body, more)
    if at.query("part") == "body":
        return await at.part("event_body.html", page)
    return await at.show(page)


def _output(output: ToolOutputs, more: str, *, whole: bool) -> Markup:
    """Return the result of a call: texts as they are, anything else as JSON, images and files by their kind."""
    parts: list[str] = []
    for one in output:
        if isinstance(one, JsonOutput):
            parts.append(one.value if isinstance(one.value, str) else _told(one.value))
        else:
            parts.append(f"[{one.media_type}, {len(one.data) * 3 // 4:,} bytes]")
    return _lines("\n".join(parts), more, whole=whole)


def _told(value: object) -> str:
    """Return a value for people: an object of texts (a command's output) field by field."""
    if isinstance(value, dict):
        fields: JsonObject = value  # pyright: ignore[reportUnknownVariableType] - it is JSON
        if fields and all(
            isinstance(one, str | int | float | bool | None) for one in fields.values()
        ):
            return "\n".join(
                f"{name}:\n{one}" if isinstance(one, str) and "\n" in one else f"{name}: {one}"
                for name, one in fields.items()
            )
    return json.dumps(value, indent=2, ensure_ascii=False)


def _lines(text: str, more: str, *, whole: bool) -> Markup:
    lines = text.splitlines()
    shown = text if whole else "\n".join(lines[:_MOST_LINES])[:40_000]
    body = Markup('<pre class="ev-out">{}</pre>').format(invisible.output(shown))
    if len(shown) >= len(text) or whole:
        return body
    link = Markup('<p><a href="{}">Show all {:,} lines</a></p>').format(more, len(lines))
    return body + link
