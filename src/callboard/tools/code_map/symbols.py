"""The names that one file defines."""

import time
from itertools import islice

from tree_sitter import Parser, QueryCursor, Tree

from callboard.tools.code_map.languages import grammar, language_of

LARGEST_SOURCE = 400_000
"""Bytes; larger files are generated ones, as a rule."""
_MOST_SYMBOLS = 500
_LONGEST_NAME = 100
_MOST_MATCHES = 10_000
_PIECE = 1 << 16
_MOST_CHILDREN = 5_000


def symbols(path: str, text: str, *, within_s: float = 1.0) -> tuple[str, ...]:
    """Return the names that a source file defines, in order, each once.

    None are returned for a language that is not known, for a file that is too large, and where reading
    takes longer than `within_s`: files are written by anybody, and some are written to be slow.
    """
    language = language_of(path)
    source = text.encode(errors="replace")
    if language is None or len(source) > LARGEST_SOURCE:
        return ()
    places = _defining(language, source, time.monotonic() + within_s)
    names = (source[start:end].decode(errors="replace") for start, end in places)
    found = dict.fromkeys(name for name in names if 0 < len(name) <= _LONGEST_NAME)
    return tuple(islice(found, _MOST_SYMBOLS))


def _defining(language: str, source: bytes, until: float) -> list[tuple[int, int]]:
    """Return the places of the names, in the order of the file.

    Places and not nodes, so that no node outlives its tree: in some releases of the library that is a
    crash. The search is not given a callback either, for the same reason: what would make it slow is
    looked for first.
    """
    known = grammar(language)
    try:
        tree = Parser(known.language).parse(
            lambda offset, _: source[offset : offset + _PIECE],
            progress_callback=lambda _offset, _has_error: time.monotonic() > until,
        )
    except ValueError:  # how the parser says that it was stopped
        return []
    if not _is_tame(tree, until):
        return []
    found = QueryCursor(known.definitions, match_limit=_MOST_MATCHES).captures(tree.root_node)
    return sorted((node.start_byte, node.end_byte) for node in found.get("name", ()))


def _is_tame(tree: Tree, until: float) -> bool:
    """Whether a search will be quick: below an error it takes the square of the number of children."""
    cursor = tree.walk()
    while time.monotonic() < until:
        node = cursor.node
        if node is not None and node.has_error:
            if node.child_count > _MOST_CHILDREN:
                return False
            if cursor.goto_first_child():
                continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return True
    return False
