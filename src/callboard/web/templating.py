"""Templates: escaped, strict about names, and the only place besides `render` where markup is written."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from typing import Any, Final, cast

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from callboard.domain.events.codec import timestamp
from callboard.web.render.words import digits, usd
from callboard.web.static_files import static_files

_WORD: Final = re.compile(r"[a-z]+[ ,]")
_HINT: Final = re.compile(r" \(see `callboard [^)]*\)")
_CODE: Final = re.compile(r"`([^`\n]+)`")
_NEVER: Final = Markup("&ndash;")
_TIME: Final = Markup('<time datetime="{}">{}</time>')


@cache
def templates() -> Environment:
    """Return the environment that all pages are rendered in."""
    found = Environment(
        loader=PackageLoader("callboard.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.do"],
    )
    loose = cast("Any", found)  # its own types know no filters but those that it brings
    loose.globals["static"] = static_files().address
    words: dict[str, Callable[..., Any]] = {
        "moment": moment, "day": day, "money": usd, "digits": digits, "initials": initials, "hue": hue, "zip_same": zip_same,
        "sentence": sentence,
    }  # fmt: skip
    loose.filters.update(words)
    return found


def moment(at: datetime | None) -> Markup:
    """Return a moment for people, with the exact one for machines."""
    if at is None:
        return _NEVER
    return _TIME.format(timestamp(at), f"{at:%Y-%m-%d %H:%M}")


def day(at: datetime | None) -> Markup:
    """Return a day for people, with the exact moment for machines."""
    if at is None:
        return _NEVER
    return _TIME.format(timestamp(at), f"{at:%Y-%m-%d}")


def sentence(words: str) -> Markup:
    """Return what an error says as a sentence; what it has in backticks is code, and hints at commands are left out."""
    words = _HINT.sub("", words)
    begun = words[:1].upper() + words[1:] if _WORD.match(words) else words
    ended = begun if begun.endswith((".", "?", "!", ":")) or "\n" in begun else f"{begun}."
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(ended))))  # noqa: S704 - it is escaped


def initials(name: str) -> str:
    """Return the two letters that stand for a name."""
    words = [word for word in name.replace("-", " ").replace("_", " ").split() if word[0].isalnum()]
    if not words:
        return "?"
    two = words[0][0] + words[1][0] if len(words) > 1 else words[0][:2]
    return two[:1].upper() + two[1:].lower() if len(words) == 1 else two.upper()


def hue(name: str) -> int:
    """Return which of the eight colours a name has: always the same one."""
    return sum(name.encode(errors="replace")) % 8


def zip_same(values: Iterable[str]) -> list[tuple[str, str]]:
    """Return values as choices that are called what they are."""
    return [(value, value) for value in values]
