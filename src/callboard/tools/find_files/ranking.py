"""Ranking files by what a description says. Pure, and without a model.

A small BM25 over three fields: a word of the path counts most, then one of the names that the file
defines, then one of its beginning; words that are nearly in the path (plurals, other endings) count in
part. A name that the description spells out counts more than its words do, and of files that fit about
equally well those that were changed last come first.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_a-zA-Z]+")
_STOP = frozenset(
    [
        "a",
        "an",
        "and",
        "any",
        "are",
        "as",
        "at",
        "be",
        "by",
        "can",
        "code",
        "do",
        "does",
        "file",
        "files",
        "find",
        "for",
        "from",
        "get",
        "has",
        "have",
        "how",
        "i",
        "in",
        "is",
        "it",
        "its",
        "me",
        "of",
        "on",
        "or",
        "project",
        "related",
        "relevant",
        "show",
        "that",
        "the",
        "there",
        "this",
        "to",
        "use",
        "used",
        "want",
        "we",
        "what",
        "when",
        "where",
        "which",
        "with",
        "you",
    ]
)
_SATURATION, _LENGTH_WEIGHT = 1.2, 0.75
_PATH_WEIGHT, _SYMBOL_WEIGHT, _NEAR_WEIGHT = 3.0, 2.0, 0.6
_NAMED_BONUS, _DEFINED_BONUS, _RECENT_BONUS = 100.0, 20.0, 0.3
_SHORTEST_DEFINED = 4
_IDENTIFIER = re.compile(r"\w+")
_NEAR = 80.0
_SHORTEST_NEAR = 4


@dataclass(frozen=True, slots=True)
class Document:
    """A file: its path, the beginning of its text, the names that it defines, and when it was changed.

    All but the path may be left out; times are compared with each other only.
    """

    path: str
    head: str = ""
    symbols: tuple[str, ...] = ()
    modified: float = 0.0


def words(text: str) -> list[str]:
    """Split text into lower-case words; `camelCase` and `snake_case` are two each."""
    return [word.lower() for word in _WORDS.findall(text)]


def rank(prompt: str, documents: Sequence[Document]) -> list[str]:
    """Return the paths of documents that have anything to do with the prompt, best first."""
    asked = dict.fromkeys((word for word in words(prompt) if word not in _STOP), 1.0)
    if not documents:
        return []
    paths = [Counter(words(document.path)) for document in documents]
    heads = [Counter(words(document.head)) for document in documents]
    names = [Counter(words(" ".join(document.symbols))) for document in documents]
    by_path, by_head = _scores(_widened(asked, paths), paths), _scores(asked, heads)
    by_name = _scores(asked, names)
    recent = _recency(documents)
    rows: list[tuple[float, str]] = []
    for index, document in enumerate(documents):
        score = _PATH_WEIGHT * by_path[index] + _SYMBOL_WEIGHT * by_name[index] + by_head[index]
        score += _bonus(prompt, document)
        if score > 0:
            rows.append((-score * (1 + _RECENT_BONUS * recent[index]), document.path))
    return [path for _, path in sorted(rows)]


def _bonus(prompt: str, document: Document) -> float:
    """Return what being named outright is worth."""
    if document.path.lower() in prompt.lower():
        return _NAMED_BONUS
    spelled = {word for word in _IDENTIFIER.findall(prompt) if len(word) >= _SHORTEST_DEFINED}
    spelled = {word for word in spelled if word.lower() not in _STOP}
    return _DEFINED_BONUS if spelled.intersection(document.symbols) else 0.0


def _recency(documents: Sequence[Document]) -> list[float]:
    """Return 1 for the file that was changed last, 0 for the first; equal times are equally recent."""
    times = sorted({document.modified for document in documents})
    places = {modified: place for place, modified in enumerate(times)}
    most = max(len(times) - 1, 1)
    return [places[document.modified] / most for document in documents]


def _widened(asked: Mapping[str, float], fields: Sequence[Counter[str]]) -> dict[str, float]:
    """Add words that are nearly the ones asked for, with less weight."""
    weights = dict(asked)
    present = sorted({word for field in fields for word in field if len(word) >= _SHORTEST_NEAR})
    for word in asked:
        if len(word) < _SHORTEST_NEAR:
            continue
        near = process.extract(word, present, scorer=fuzz.ratio, score_cutoff=_NEAR, limit=5)
        for other, _, _ in near:
            weights.setdefault(other, _NEAR_WEIGHT)
    return weights


def _scores(weights: Mapping[str, float], fields: Sequence[Counter[str]]) -> list[float]:
    """Return the BM25 score of every field."""
    count = len(fields)
    average = sum(field.total() for field in fields) / count or 1.0
    rarity: dict[str, float] = {}
    for word in weights:
        holding = sum(1 for field in fields if word in field)
        rarity[word] = math.log(1 + (count - holding + 0.5) / (holding + 0.5))
    scores: list[float] = []
    for field in fields:
        dampening = _SATURATION * (1 - _LENGTH_WEIGHT + _LENGTH_WEIGHT * field.total() / average)
        score = 0.0
        for word, weight in weights.items():
            times = field[word]
            score += weight * rarity[word] * times * (_SATURATION + 1) / (times + dampening)
        scores.append(score)
    return scores
