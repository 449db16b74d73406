"""Prose of models and people: markdown without HTML, rendered here and sanitised once more.

Nothing in it can act or load anything: images become links, links say where they lead, titles are dropped.
Everything that was written can be read: what is not understood stays as it was written, and a cut says so.
"""

from collections.abc import Sequence
from functools import cache
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from callboard.web.render import code, links
from callboard.web.render.invisible import marked, written

LONGEST: Final = 40_000
"""Characters of a text that are rendered."""
_DEEPEST: Final = 20
_MOST_BRACKETS: Final = 2_000
"""Open brackets beyond which a text is shown as it was written: each may begin a link, and is looked into."""
_SIDES: Final = {"text-align:right": "prose-right", "text-align:center": "prose-center"}
_ALLOWED: Final[dict[str, set[str]]] = {
    **{
        tag: set()
        for tag in ("p", "h2", "h3", "h4", "h5", "h6", "ul", "li", "blockquote", "pre", "code")
    },
    **{
        tag: set()
        for tag in (
            "em",
            "strong",
            "s",
            "hr",
            "br",
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
            "div",
        )
    },
    "ol": {"start"},
    "a": {"href", "rel"},
    "span": {"title"},
}
_CLASSES: Final = {
    "span": {"inv", "prose-to", *code.CLASSES},
    "pre": {"prose-code"},
    "div": {"prose-table", "prose-language"},
    "p": {"prose-cut"},
    "th": {"prose-right", "prose-center"},
    "td": {"prose-right", "prose-center"},
}


def prose(text: str, *, top: int = 3, limit: int = LONGEST) -> Markup:
    """Return a text as markup, its highest headings at level `top`, at most `limit` characters of it."""
    shown, rest = _cut(text, limit)
    tokens = [] if shown.count("[") > _MOST_BRACKETS else _parser().parse(shown)
    if shown.count("[") > _MOST_BRACKETS or any(token.level >= _DEEPEST - 1 for token in tokens):
        html = str(_as_written(shown))  # beyond that depth the parser would drop text
    else:
        html = _Writer(top).write(tokens)
    if rest:
        html += f'<p class="prose-cut">Cut here: {rest:,} more characters.</p>'
    return Markup(_cleaner().clean(html))  # noqa: S704 - that is what the cleaner is for


def _cut(text: str, limit: int) -> tuple[str, int]:
    """Return the beginning of a text, up to the end of a line where one is near, and how much is left out."""
    if len(text) <= limit:
        return text, 0
    end = text.rfind("\n", limit // 2, limit)
    end = limit if end < 0 else end
    return text[:end], len(text) - end


def _as_written(text: str) -> Markup:
    return Markup('<pre class="prose-code"><code>{}</code></pre>').format(marked(text))


@cache
def _parser() -> MarkdownIt:
    options = {"html": False, "linkify": False, "typographer": False, "maxNesting": _DEEPEST}
    parser = MarkdownIt("commonmark", options)
    parser.enable(["table", "strikethrough"])
    # A definition elsewhere may say a long address once and use it everywhere: what is small becomes huge.
    parser.disable(["reference"])
    parser.validateLink = links.may_be_followed  # pyright: ignore[reportAttributeAccessIssue]
    return parser


@cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(_ALLOWED),
        attributes={tag: names for tag, names in _ALLOWED.items() if names},
        allowed_classes=_CLASSES,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
        url_relative="deny",
    )


class _Writer:
    """Writes the tokens of one text as markup. `link` is where the open link leads, and what it says so far."""

    def __init__(self, top: int) -> None:
        self._top = top
        self._link: tuple[str, list[str]] | None = None

    def write(self, tokens: Sequence[Token]) -> str:
        """Return tokens as markup."""
        return "".join(map(self._one, tokens))

    def _one(self, token: Token) -> str:
        match token.type:
            case "inline":
                return self.write(token.children or [])
            case (
                "text"
                | "code_inline"
                | "softbreak"
                | "hardbreak"
                | "image"
                | "link_open"
                | "link_close"
            ):
                return self._inside(token)
            case "code_block":
                return str(_as_written(token.content))
            case "fence":
                return _fence(token)
            case "heading_open" | "heading_close":
                level = min(int(token.tag[1]) + self._top - 1, 6)
                return f"<h{level}>" if token.nesting > 0 else f"</h{level}>"
            case _:
                return _tag(token)

    def _inside(self, token: Token) -> str:
        if self._link is not None:
            self._link[1].append(_said(token))
        match token.type:
            case "text":
                return str(written(token.content))
            case "code_inline":
                return f"<code>{marked(token.content)}</code>"
            case "image":
                return self._image(_said(token) or "image", str(token.attrs.get("src", "")))
            case "link_open":
                address = str(token.attrs.get("href", ""))
                self._link = (address, [])
                return str(links.opening(address))
            case "link_close":
                return self._closed()
            case _:
                return "<br>" if token.type == "hardbreak" else "\n"

    def _image(self, said: str, address: str) -> str:
        return str(links.link(said, address) if self._link is None else written(said))

    def _closed(self) -> str:
        address, said = self._link or ("", [])
        self._link = None
        same = links.says_where("".join(said), address)
        return "</a>" if same else f"</a>{links.destination(address)}"


def _tag(token: Token) -> str:
    """Return a token that stands for its tag: blocks, tables, emphasis."""
    if token.hidden or not token.tag:
        return str(marked(token.content))
    if token.nesting < 0:
        return f"</{token.tag}></div>" if token.tag == "table" else f"</{token.tag}>"
    start, side = token.attrs.get("start"), _SIDES.get(str(token.attrs.get("style", "")))
    named = f' class="{side}"' if side else f' start="{int(start)}"' if start is not None else ""
    opened = f"<{token.tag}{named}>"
    return f'<div class="prose-table">{opened}' if token.tag == "table" else opened


def _fence(token: Token) -> str:
    said = " ".join(token.info.split())
    text = token.content.removesuffix("\n")
    inside = code.highlighted(text, language=said.partition(" ")[0])
    name = f'<div class="prose-language">{marked(said)}</div>' if said else ""
    return f'{name}<pre class="prose-code"><code>{inside}</code></pre>'


def _said(token: Token) -> str:
    return "".join(map(_said, token.children)) if token.children else token.content
