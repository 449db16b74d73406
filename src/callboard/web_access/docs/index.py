"""Finding the sections that say something about a topic: full text search in memory."""

import re
import sqlite3
from collections.abc import Sequence

from callboard.ports.web import WebFailed
from callboard.web_access.docs.sections import Section

_WORD = re.compile(r"\w+")
_MOST_WORDS = 32
_MANY = 40


def best_sections(found: Sequence[Section], topic: str) -> list[Section]:
    """Return the sections that hold words of the topic, the best first; words in headings weigh more.

    Raises:
        WebFailed: this Python's SQLite has no full text search.
    """
    words = _WORD.findall(topic)[:_MOST_WORDS]
    if not words or not found:
        return []
    database = sqlite3.connect(":memory:")
    try:
        database.execute(
            "CREATE VIRTUAL TABLE section USING fts5(heading, text, tokenize='porter unicode61')"
        )
        database.executemany(
            "INSERT INTO section(rowid, heading, text) VALUES (?, ?, ?)",
            ((number, one.heading, one.text) for number, one in enumerate(found)),
        )
        rows = database.execute(
            "SELECT rowid FROM section WHERE section MATCH ?"
            " ORDER BY bm25(section, 4.0, 1.0), rowid LIMIT ?",
            (" OR ".join(f'"{word}"' for word in words), _MANY),
        ).fetchall()
    except sqlite3.OperationalError as problem:
        raise WebFailed(f"Documentation cannot be searched here: {problem}.") from None
    finally:
        database.close()
    return [found[row[0]] for row in rows]
