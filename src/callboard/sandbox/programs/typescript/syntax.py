"""Parsing TypeScript and JavaScript, bounded in time and depth."""

import re
import time
from functools import cache
from typing import Final, Literal

import tree_sitter_typescript
from tree_sitter import Language, Node, Parser, Point, Query, QueryCursor

from callboard.sandbox.programs.typescript.errors import LinkError

Dialect = Literal["ts", "tsx", "js"]

MAX_BYTES: Final = 1 << 20
_MAX_DEPTH: Final = 1_000
_MAX_SECONDS: Final = 2.0
_CHUNK: Final = 1 << 11  # the texts of nodes are read anew in chunks, too
_BRACKETS: Final = re.compile(rb"[(\[{]|[)\]}]")


def encoded(text: str) -> bytes:
    """Return a text as the parser reads it.

    Raises:
        LinkError: it is no text, or larger than 1 MiB.
    """
    try:
        source = text.encode()
    except UnicodeEncodeError:
        raise LinkError("holds a lone surrogate, which is not text") from None
    if b"\x00" in source:
        raise LinkError("holds a NUL character")
    if len(source) > MAX_BYTES:
        raise LinkError(f"is larger than {MAX_BYTES // 1024} KiB")
    return source


def parse(source: bytes, dialect: Dialect) -> Node:
    """Return the root of the syntax tree; what cannot be read is an ERROR node in it.

    Raises:
        LinkError: it is nested deeper than people nest, takes too long, or is TypeScript in no part.
    """
    _refuse_depth(source)
    end = time.monotonic() + _MAX_SECONDS

    def read(offset: int, _: Point) -> bytes:
        return source[offset : offset + _CHUNK]

    def is_late(_: int, __: bool) -> bool:
        return time.monotonic() > end

    try:
        tree = Parser(language(dialect)).parse(read, progress_callback=is_late)
    except ValueError:  # the parser's word for "stopped"
        raise LinkError("is too complicated to be read") from None
    root = tree.root_node
    if root.type == "ERROR" and dialect != "js":
        raise LinkError(f"line {_beginning_of_error(root)}: cannot be read from here on")
    return root


@cache
def language(dialect: Dialect) -> Language:
    """Return the grammar; JavaScript is read as the TypeScript that has JSX."""
    if dialect == "ts":
        return Language(tree_sitter_typescript.language_typescript())
    return Language(tree_sitter_typescript.language_tsx())


@cache
def query(dialect: Dialect, patterns: str) -> Query:
    """Return compiled patterns."""
    return Query(language(dialect), patterns)


def captures(root: Node, dialect: Dialect, patterns: str) -> dict[str, list[Node]]:
    """Return the nodes that patterns find, by the names that they give them.

    What lies deeper than any real file is not looked at, since looking takes time by its depth squared:
    it stays as it is, and the engine says what is wrong with it.
    """
    cursor = QueryCursor(query(dialect, patterns))
    cursor.set_max_start_depth(_MAX_DEPTH * 2)
    return cursor.captures(root)


def line(node: Node) -> int:
    """Return the line of a node, counted from 1."""
    return node.start_point[0] + 1


def words(node: Node) -> str:
    """Return the text of a node."""
    return (node.text or b"").decode("utf-8", "replace")


def _refuse_depth(source: bytes) -> None:
    """Refuse what would exhaust the parser's stack, which is C's. Brackets in strings are counted as well:
    nobody writes a thousand of them without closing any.
    """
    depth = 0
    for match in _BRACKETS.finditer(source):
        if match[0] in b"([{":
            depth += 1
            if depth > _MAX_DEPTH:
                raise LinkError("is nested too deeply")
        elif depth:
            depth -= 1


def _beginning_of_error(root: Node) -> int:
    """Return the line of the bracket that is not closed, or of whatever else is no statement."""
    stray = next((child for child in root.children if not child.is_named or child.is_error), root)
    return line(stray)
