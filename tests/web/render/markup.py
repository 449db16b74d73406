"""What a browser would make of markup: read strictly, so that a test fails where a browser would guess."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

VOID = {"br", "hr"}
TAGS = {
    *(
        "a",
        "blockquote",
        "br",
        "caption",
        "code",
        "defs",
        "del",
        "details",
        "div",
        "em",
        "figcaption",
        "figure",
    ),
    *(
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "ins",
        "li",
        "ol",
        "p",
        "pre",
        "s",
        "section",
        "span",
        "strong",
        "summary",
    ),
    *("table", "tbody", "td", "th", "thead", "tr", "ul"),
    *("circle", "line", "marker", "path", "rect", "svg", "text", "title"),
}
ATTRIBUTES = {
    *(
        "aria-current",
        "aria-hidden",
        "aria-label",
        "class",
        "colspan",
        "data-n",
        "href",
        "rel",
        "role",
        "scope",
    ),
    *("start", "tabindex", "title"),
    *(
        "cx",
        "cy",
        "d",
        "height",
        "id",
        "marker-end",
        "markerheight",
        "markerwidth",
        "orient",
        "r",
        "refx",
        "refy",
    ),
    *("rx", "viewbox", "width", "x", "x1", "x2", "y", "y1", "y2"),
}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    children: "list[Element | str]" = field(default_factory=list)

    def every(self, tag: str | None = None) -> "Iterator[Element]":
        for child in self.children:
            if isinstance(child, Element):
                if tag is None or child.tag == tag:
                    yield child
                yield from child.every(tag)

    @property
    def text(self) -> str:
        return "".join(
            child if isinstance(child, str) else "\n" if child.tag == "br" else child.text
            for child in self.children
        )

    def named(self, name: str) -> "list[Element]":
        return [one for one in self.every() if name in one.attributes.get("class", "").split()]


class _Strict(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, f"<{tag}>"
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), f"an attribute twice in <{tag}>"
        assert set(names) <= ATTRIBUTES, f"{set(names) - ATTRIBUTES} in <{tag}>"
        assert all(value is not None for _, value in attrs), (
            f"an attribute without a value in <{tag}>"
        )
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a declaration: {data}")


def read(markup: str) -> Element:
    """Return markup as a tree; fails where it is not well formed or holds anything that is not allowed."""
    parser = _Strict()
    parser.feed(markup)
    parser.close()
    assert len(parser.open) == 1, f"<{parser.open[-1].tag}> is left open"
    root = parser.open[0]
    for link in root.every("a"):
        _check_link(link)
    return root


def _check_link(link: Element) -> None:
    href = link.attributes["href"]
    parts = urlsplit(href)
    assert parts.scheme in {"http", "https", "mailto", ""}, href
    if parts.scheme:
        assert link.attributes["rel"] == "noopener noreferrer nofollow"
        assert not parts.username
    else:
        assert href.startswith(("/", "?", "#")), href
        assert not href.startswith(("//", "/\\")), href
    assert not any(True for _ in link.every("a")), "a link inside of a link"
