"""Rules on tools and their arguments. Deny wins over ask, ask over allow; order never matters."""

import json
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Literal

from pydantic import JsonValue

from callboard.domain.definition.agent import PermissionRule
from callboard.domain.message import JsonObject

Effect = Literal["allow", "ask", "deny"]


def ruling(
    layers: Iterable[Sequence[PermissionRule]],
    tool: str,
    arguments: JsonObject,
    root: str = "",
) -> tuple[Effect, PermissionRule | None]:
    """Return what the rules say of a call, and the rule that says so (None: no rule speaks of it).

    Every layer (an ancestor's rules, the definition's own) must let the call pass: the strictest wins.
    Paths beneath `root`, the workspace, are judged as relative ones.
    """
    verdict: tuple[Effect, PermissionRule | None] = ("allow", None)
    for rules in layers:
        found = _layer_ruling(rules, tool, arguments, root)
        if _STRICTNESS[found[0]] > _STRICTNESS[verdict[0]] or verdict[1] is None:
            verdict = found
    return verdict


_STRICTNESS: dict[Effect, int] = {"allow": 0, "ask": 1, "deny": 2}


def _layer_ruling(
    rules: Sequence[PermissionRule], tool: str, arguments: JsonObject, root: str
) -> tuple[Effect, PermissionRule | None]:
    speaking = [rule for rule in rules if glob_matches(rule.tool, tool)]
    matching = {rule.effect: rule for rule in reversed(speaking) if _holds(rule, arguments, root)}
    for effect in ("deny", "ask", "allow"):
        if effect in matching:
            return effect, matching[effect]
    limiting = next((rule for rule in speaking if rule.effect == "allow"), None)
    return ("deny", limiting) if limiting else ("allow", None)


def _holds(rule: PermissionRule, arguments: JsonObject, root: str) -> bool:
    return all(
        name in arguments and _value_matches(rule.effect, pattern, arguments[name], root)
        for name, pattern in rule.arguments.items()
    )


def _value_matches(effect: Effect, pattern: str, value: JsonValue, root: str) -> bool:
    """A rule that grants must hold for everything in a list; one that limits, for anything in it."""
    texts = list(_texts(value))
    if effect == "allow":
        return bool(texts) and all(_granted(pattern, text, root) for text in texts)
    return any(
        glob_matches(pattern, text) or glob_matches(pattern, _plain_path(text, root))
        for text in texts
    )


def _granted(pattern: str, text: str, root: str) -> bool:
    """A grant holds for what a text comes to as a path; for the text itself only where that is the same
    thing, or it cannot be a way around (a URL without dot segments).
    """
    if glob_matches(pattern, _plain_path(text, root)):
        return True
    return not {".", ".."}.intersection(text.split("/")) and glob_matches(pattern, text)


def _texts(value: JsonValue) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    else:
        yield json.dumps(value)  # true, false, null and numbers, as files spell them


def _plain_path(text: str, root: str) -> str:
    """Spell a path one way (`./a//b`, `a/./b` and `a/c/../b` are `a/b`), so that no rule is walked around."""
    parts: list[str] = []
    for part in text.split("/"):
        if part == ".." and parts and parts[-1] not in ("", ".."):
            parts.pop()
        elif part not in ("", ".") or (part == "" and not parts and text[:1] == "/"):
            parts.append(part)
    plain = "/".join(parts)
    return plain.removeprefix(f"{root}/") if root else plain


def glob_matches(pattern: str, text: str) -> bool:
    """Return whether a glob matches the whole text: `*` and `?` stay within a path segment, `**` does not.

    `folder/**` is the folder and everything below it.
    """
    return _compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    tokens = re.split(r"(/\*\*$|\*\*/|\*\*|\*|\?)", pattern)
    wild = {"/**": r"(?:/.*)?", "**/": r"(?:.*/)?", "**": r".*", "*": r"[^/]*", "?": r"[^/]"}
    return re.compile("".join(wild.get(token) or re.escape(token) for token in tokens), re.DOTALL)
