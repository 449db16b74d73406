"""What of a thread somebody looks at: which rows, and where."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from callboard.domain.thread_mark import CHANGES, DECISIONS, FAILURES, MESSAGES, ROW, TOOLS
from callboard.ports.threads import WindowWanted
from callboard.web.visit import Visit

FILTERS: Final = {
    "": ("Everything", ROW),
    "messages": ("Messages", MESSAGES),
    "tools": ("Tools", TOOLS),
    "changes": ("Changes", CHANGES),
    "decisions": ("Decisions", DECISIONS),
    "failures": ("Failures", FAILURES),
}
AT_A_TIME: Final = 120
"""Rows of a page; more come when somebody reads back."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a thread somebody looks at: a filter, a text, and where."""

    show: str = ""
    text: str = ""
    before: int | None = None
    after: int | None = None
    around: int | None = None

    def window(self, run_id: str, limit: int = AT_A_TIME) -> WindowWanted:
        """Return it as a window."""
        facet = FILTERS[self.show][1]
        place = (self.before, self.after, self.around)
        return WindowWanted(run_id, facet, self.text, *place, limit)

    def query(self, **place: int) -> str:
        """Return the query of the same look at another place."""
        named: dict[str, str | int] = {"show": self.show, "q": self.text, **place}
        return urlencode({name: value for name, value in named.items() if value != ""})


async def wanted_of(at: Visit, run_id: str) -> Wanted:
    """Return what somebody looks at. An event may be named by its run's own number: `at`."""
    show = at.query("show")
    around = number(at, "around")
    seq = number(at, "at")
    if seq is not None and around is None:
        around = await at.app.threads.place_of(run_id, seq)
    return Wanted(
        show if show in FILTERS else "",
        at.query("q").strip(),
        number(at, "before"),
        number(at, "after"),
        around,
    )


def number(at: Visit, name: str) -> int | None:
    """Return a number of the address; None where there is none that could be meant."""
    text = at.query(name)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
