"""Links in text that a model or a stranger wrote: which may be followed, and where they really lead."""

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

from markupsafe import Markup, escape

from callboard.web.render.invisible import marked

REL: Final = "noopener noreferrer nofollow"
_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?\.?")
_MAIL: Final = re.compile(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,253}")
_LONGEST: Final = 2_000


def may_be_followed(address: str) -> bool:
    """Return whether an address may be a link: http or https to a plain host without a name and password before it,
    or mailto to one address.
    """
    return where(address) is not None


def where(address: str) -> str | None:
    """Return where an address leads, for people: its host, or the address of a mail; None: it may not be a link."""
    if len(address) > _LONGEST or any(char <= " " or char in '"<>\\^`{|}' for char in address):
        return None
    parts = _split(address)
    if parts is None:
        return None
    if parts.scheme == "mailto":
        return parts.path if _MAIL.fullmatch(parts.path) and not parts.query else None
    if "@" in parts.netloc or not _HOST.fullmatch(parts.hostname or ""):
        return None
    return parts.netloc.lower()


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        _ = parts.port  # raises for a port that is no number
    except ValueError:
        return None
    known = parts.scheme == "mailto" or (
        parts.scheme in {"http", "https"}
        and address.isascii()
        and address[len(parts.scheme) :][:3] == "://"
    )
    return parts if known else None


def says_where(text: str, address: str) -> bool:
    """Return whether the visible text of a link is its own address or its host, so that nothing needs saying."""
    host = where(address)
    said = text.strip().lower()
    bare = address.lower().partition("://")[2] or address.lower().removeprefix("mailto:")
    return host is not None and said in {address.lower(), bare, bare.rstrip("/"), host}


def opening(address: str) -> Markup:
    """Return the opening tag of a link that leads out of the product."""
    return Markup('<a href="{}" rel="{}">').format(address, REL)


def destination(address: str) -> Markup:
    """Return where a link leads, to stand behind it."""
    return Markup(' <span class="prose-to">({})</span>').format(marked(where(address) or address))


def link(text: str, address: str) -> Markup:
    """Return a link with its destination behind it, or only the text where the address may not be followed."""
    if not may_be_followed(address):
        return marked(text)
    end = Markup("") if says_where(text, address) else destination(address)
    return opening(address) + (marked(text) or escape(address)) + Markup("</a>") + end
