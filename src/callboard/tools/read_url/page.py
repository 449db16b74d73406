"""From the bytes of a page to text that a model reads. Pure."""

# ruff: noqa: PLC0415 - the HTML library is large and wanted for HTML only

from dataclasses import dataclass

from callboard.ports.web import Fetched

_HTML = ("text/html", "application/xhtml+xml")
_TEXTS = ("application/json", "application/xml", "application/javascript", "application/yaml")
_TEXT_SUFFIXES = ("+json", "+xml", "+yaml")
_BINARY_PROBE = 8000


class PageUnreadable(ValueError):
    """There is no text in it; the message says what there is."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says."""

    title: str
    description: str | None
    text: str


def read_page(fetched: Fetched) -> Page:
    """Return the readable part of a response.

    Raises:
        PageUnreadable: it is not text.
    """
    kind = fetched.content_type
    if kind in _HTML or (not kind and fetched.body.lstrip()[:1] == b"<"):
        return _html(_decoded(fetched), fetched.url)
    is_text = kind.startswith("text/") or kind in _TEXTS or kind.endswith(_TEXT_SUFFIXES)
    if (kind and not is_text) or b"\0" in fetched.body[:_BINARY_PROBE]:
        raise PageUnreadable(f"It is not text but {kind or 'of an unknown kind'}.")
    return Page("", None, _decoded(fetched))


def _decoded(fetched: Fetched) -> str:
    try:
        return fetched.body.decode(fetched.charset or "utf-8", errors="replace")
    except (LookupError, ValueError):  # no such charset, or one like `hex` that makes no text
        return fetched.body.decode(errors="replace")


def _html(source: str, url: str) -> Page:
    import trafilatura

    text = trafilatura.extract(
        source,
        url=url,
        output_format="markdown",
        include_comments=False,
        include_links=True,
        include_tables=True,
        favor_recall=True,
    )
    found = trafilatura.extract_metadata(source, default_url=url)
    title, description = found.title or "", found.description or None
    return Page(title, description, text or trafilatura.html2txt(source))
