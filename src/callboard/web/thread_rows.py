"""Rows of threads as markup: the same for a page and for those who follow it, whoever they are."""

import json
from functools import cache
from typing import Final

from jinja2 import Template
from markupsafe import Markup

from callboard.domain.message import JsonObject
from callboard.domain.thread_mark import CHANGES, DECISIONS, FAILURES, MESSAGES, TOOLS
from callboard.engine.thread.row import Row
from callboard.web.render import invisible, words
from callboard.web.render.diff import counts
from callboard.web.render.markdown import prose
from callboard.web.templating import templates

_LONGEST: Final = 20_000
_WORDS: Final = {
    MESSAGES: "messages",
    TOOLS: "tools",
    CHANGES: "changes",
    DECISIONS: "decisions",
    FAILURES: "failures",
}


class Ways:
    """How the template of rows writes what is not its own."""

    prose = staticmethod(prose)
    line = staticmethod(invisible.one_line)
    marked = staticmethod(invisible.marked)
    output = staticmethod(invisible.output)
    counts = staticmethod(counts)
    usd = staticmethod(words.usd)
    bill = staticmethod(words.bill)
    span = staticmethod(words.span)

    @staticmethod
    def json(value: JsonObject) -> Markup:
        """Return arguments as people read them."""
        text = json.dumps(value, ensure_ascii=False, indent=2)
        rest = f"\n… {len(text) - _LONGEST:,} more characters" if len(text) > _LONGEST else ""
        return invisible.marked(text[:_LONGEST] + rest)


@cache
def _template() -> Template:
    return templates().get_template("parts/thread_row.html")


def show_row(row: Row) -> str:
    """Return a row as markup."""
    filters = " ".join(word for facet, word in _WORDS.items() if row.facets & facet)
    kind = type(row.body).__name__
    return _template().render(row=row, body=row.body, kind=kind, filters=filters, r=Ways)


def row_markup(row: Row) -> Markup:
    """Return a row as markup, for a page."""
    return Markup(show_row(row))  # noqa: S704  the template escapes
