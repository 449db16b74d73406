"""Glob patterns as regular expressions. Pure."""

import re

_MOST_ALTERNATIVES = 1000


def expand(pattern: str) -> list[str]:
    """Return the patterns that one with `{a,b}` stands for."""
    pending, done = [pattern], list[str]()
    while pending and len(pending) + len(done) <= _MOST_ALTERNATIVES:
        present = pending.pop()
        match = re.search(r"\{([^{}]*,[^{}]*)\}", present)
        if match is None:
            done.append(present)
            continue
        before, after = present[: match.start()], present[match.end() :]
        pending += [f"{before}{choice}{after}" for choice in match[1].split(",")]
    return done


def compiled(pattern: str) -> re.Pattern[str]:
    """Return a regular expression for whole paths, separated by `/`.

    `*` and `?` stop at `/`, `**` as a whole component stands for any number of directories.
    """
    choices = "|".join(_translated(choice) for choice in expand(pattern))
    return re.compile(f"(?s:{choices})")


def _translated(pattern: str) -> str:
    components = [part for part in pattern.split("/") if part not in {"", "."}]
    pieces: list[str] = []
    for index, component in enumerate(components):
        last = index == len(components) - 1
        if component == "**":
            pieces.append("[^/]+(?:/[^/]+)*" if last else "(?:[^/]+/)*")
        else:
            pieces.append(_component(component) + ("" if last else "/"))
    return _without_repeats("".join(pieces))


def _without_repeats(expression: str) -> str:
    """Fold `**/**/`, which means no more than one of it and matches very slowly."""
    repeated = "(?:[^/]+/)*" * 2
    while repeated in expression:
        expression = expression.replace(repeated, "(?:[^/]+/)*")
    return expression


def _component(text: str) -> str:
    pieces: list[str] = []
    for match in re.finditer(r"\*+|\?|\[(?P<not>[!^]?)(?P<set>\]?[^\]]*)\]|.", text, re.DOTALL):
        piece = match[0]
        if piece.startswith("*"):
            pieces.append("[^/]*")
        elif piece == "?":
            pieces.append("[^/]")
        elif match["set"]:
            inside = re.sub(r"([\\\[\]&~|^])", r"\\\1", match["set"])
            pieces.append(f"(?!/)[{'^' if match['not'] else ''}{inside}]")
        else:
            pieces.append(re.escape(piece))
    return "".join(pieces)
