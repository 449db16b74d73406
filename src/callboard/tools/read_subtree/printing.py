"""A directory tree as text within a number of tokens: first the detail goes, then the depth. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, takewhile
from typing import Literal

from callboard.engine.tokens import CHARACTERS_PER_TOKEN, tokens_in
from callboard.tools.code_map.project import CodeMap

Level = Literal["none", "unimportant-files", "tokens", "depth-based"]
_FEWER_NAMES = (16, 8, 4, 2, 1, 0)
_UNIMPORTANT = re.compile(
    r"""(^|/)(
      [^/]*\.(lock|map|snap|svg|png|jpe?g|gif|ico|webp|pdf|woff2?|ttf|eot|mp[34]|zip|gz|min\.(js|css))
      | (package-lock|npm-shrinkwrap)\.json | pnpm-lock\.yaml | go\.sum
      | (vendor|third_party|node_modules|__snapshots__|testdata|fixtures)/.*
    )$""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Printed:
    """A text and what was left out for it."""

    text: str
    level: Level

    @property
    def tokens(self) -> int:
        """How long it is, roughly."""
        return tokens_in(self.text)


def print_tree(paths: Sequence[str], above: str, known: CodeMap, *, most_tokens: int) -> Printed:
    """Return the files below `above` ("" or ending in a slash), with the names that they define."""
    printed = Printed("", "none")
    for printed in _attempts(paths, above, known):
        if printed.tokens <= most_tokens:
            return printed
    return Printed(_cut(printed.text, most_tokens * CHARACTERS_PER_TOKEN), "depth-based")


def print_names(names: Sequence[str], *, most_tokens: int) -> tuple[list[str], Level]:
    """Return as many names as there is room for."""
    kept: list[str] = []
    left = most_tokens
    for name in names:
        left -= tokens_in(f"{name}, ")
        if left < 0:
            return kept, "tokens"
        kept.append(name)
    return kept, "none"


def _attempts(paths: Sequence[str], above: str, known: CodeMap) -> Iterator[Printed]:
    everything = [*_files(paths, above, known, None)]
    yield Printed(_printed(everything, None), "none")
    important = [path for path in paths if not _UNIMPORTANT.search(path)] or paths
    yield Printed(_printed([*_files(important, above, known, None)], None), "unimportant-files")
    for names in _FEWER_NAMES:
        yield Printed(_printed([*_files(important, above, known, names)], None), "tokens")
    bare = [*_files(important, above, known, 0)]
    deepest = max((path.count("/") for path, _ in bare), default=0)
    for depth in range(deepest, 0, -1):
        yield Printed(_printed(bare, depth), "depth-based")


def _files(
    paths: Sequence[str], above: str, known: CodeMap, most_names: int | None
) -> Iterator[tuple[str, str]]:
    """Yield each path below `above` with the text behind it."""
    for path in paths:
        names = ", ".join(known.ranked(path)[:most_names])
        yield path.removeprefix(above), f": {names}" if names else ""


def _printed(files: Sequence[tuple[str, str]], depth: int | None) -> str:
    """Print files, in the order of their paths; below `depth` directories only their number."""
    ordered = sorted((path.split("/"), names) for path, names in files)
    lines: list[str] = []
    present: list[str] = []
    for above, group in groupby(ordered, key=lambda file: file[0][:-1][:depth]):
        levels = range(_common(present, above), len(above))
        lines += [f"{'  ' * level}{above[level]}/" for level in levels]
        present = above
        margin = "  " * len(above)
        if depth is not None and len(above) == depth:
            lines.append(f"{margin}({len(list(group))} files)")
        else:
            lines += [f"{margin}{parts[-1]}{names}" for parts, names in group]
    return "\n".join(lines)


def _common(one: list[str], other: list[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _cut(text: str, most: int) -> str:
    note = "\n[The rest was cut.]"
    return text[: max(0, most - len(note))].rpartition("\n")[0] + note
