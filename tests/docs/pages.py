"""The pages, their fenced blocks and their links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```[ \t]*$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(?P<title>.+?)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block. `language` is the first word behind the fence, `marks` are the others."""

    page: Path
    line: int
    language: str
    marks: tuple[str, ...]
    text: str

    @property
    def needs(self) -> str | None:
        """What the block needs that a test does not have."""
        return self.mark("needs")

    def mark(self, name: str) -> str | None:
        return next(
            (one.partition("=")[2] for one in self.marks if one.startswith(f"{name}=")), None
        )

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT).as_posix()}:{self.line}"


def pages(*, written: bool = True) -> list[Path]:
    """All pages; without the generated reference where `written` is False."""
    found = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
    found += sorted((ROOT / "examples").glob("*.md"))
    return [page for page in found if written or page.parent.name != "reference"]


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found: list[Block] = []
    for match in _FENCE.finditer(text):
        words = match["info"].split()
        line = text.count("\n", 0, match.start()) + 1
        language = words[0] if words else ""
        found.append(Block(page, line, language, tuple(words[1:]), match["text"]))
    return found


def links(page: Path) -> Iterator[str]:
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    yield from (match["target"] for match in _LINK.finditer(text))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    titles = [match["title"] for match in _HEADING.finditer(text)]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
