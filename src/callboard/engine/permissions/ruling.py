"""What the rules of a run say of a call. Deny wins over ask, ask over allow; order never matters.

Every layer must let the call pass, so that a lower one can only narrow. What can be worked out for a tool
once is kept with the policy: a decision among a hundred rules takes microseconds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from callboard.domain.definition.permissions import ArgumentCondition, Effect, PermissionRule
from callboard.domain.message import JsonObject
from callboard.domain.policy import Policy, PolicyLayer
from callboard.domain.tool import Source
from callboard.engine.globs import any_of, compiled, glob_matches
from callboard.engine.permissions.commands import shell_line
from callboard.engine.permissions.conditions import holds
from callboard.engine.permissions.values import Values

_STRICTNESS: dict[Effect, int] = {"allow": 0, "ask": 1, "deny": 2}


@dataclass(frozen=True, slots=True)
class Asked:
    """A call as rules look at it: what the run has `read` before, and whether effects may leave the
    workspace (`outside`). Paths beneath `root`, the workspace, are judged as relative ones.
    """

    tool: str
    arguments: JsonObject
    root: str = ""
    read: frozenset[Source] = frozenset()
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule that matches, or (`by_omission`) grants other calls of the tool and not this one."""

    layer: PolicyLayer
    rule: PermissionRule
    by_omission: bool = False


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the rules come to, and those of all layers that say so. No reasons: no rule speaks of it."""

    effect: Effect
    reasons: tuple[Reason, ...] = ()


def ruling(policy: Policy, asked: Asked) -> Ruling:
    """Return what the rules say of a call."""
    values = Values(asked.arguments, asked.root)
    effect: Effect = "allow"
    reasons: list[Reason] = []
    for layer in _speaking(policy, asked.tool):
        own, why = layer.ruling(asked, values)
        if _STRICTNESS[own] > _STRICTNESS[effect]:
            effect, reasons = own, []
        if own == effect:
            reasons += why
    return Ruling(effect, tuple(reasons))


def never_permitted(policy: Policy, tool: str) -> bool:
    """Return whether some layer denies every call of a tool, whatever its arguments."""
    return any(layer.denies_all for layer in _speaking(policy, tool))


def _speaking(policy: Policy, tool: str) -> "tuple[_Layer, ...]":
    known = policy.judged.get(tool)
    if known is None:
        speaking = (
            (layer, [rule for rule in layer.rules if glob_matches(rule.tool, tool)])
            for layer in policy.layers
        )
        known = policy.judged[tool] = tuple(
            _Layer(layer, rules) for layer, rules in speaking if rules
        )
    return known


class _Layer:
    """One layer's rules that speak of a tool, sorted by what they say."""

    def __init__(self, layer: PolicyLayer, rules: Sequence[PermissionRule]) -> None:
        self._layer = layer
        self._limits: list[tuple[Effect, _Limits]] = [
            ("deny", _Limits(rules, "deny")),
            ("ask", _Limits(rules, "ask")),
        ]
        self._grants = [rule for rule in rules if rule.effect == "allow"]
        self.denies_all = any(
            rule.effect == "deny" and not (rule.arguments or rule.after or rule.reach)
            for rule in rules
        )

    def ruling(self, asked: Asked, values: Values) -> tuple[Effect, list[Reason]]:
        for effect, limits in self._limits:
            if limits.any_rule and (matching := limits.matching(asked, values)):
                return effect, [Reason(self._layer, rule) for rule in matching]
        granting = [rule for rule in self._grants if _matches(rule, asked, values)]
        if granting or not self._grants:
            return "allow", [Reason(self._layer, rule) for rule in granting]
        return "deny", [Reason(self._layer, self._grants[0], by_omission=True)]


class _Limits:
    """Rules of one effect that limit. Most rules say one thing about one argument: those with a glob are
    first tried all at once, those on a command's words are found by the program that they name.
    """

    def __init__(self, rules: Iterable[PermissionRule], effect: Effect) -> None:
        self._effect = effect
        self._others: list[PermissionRule] = []
        self._programs: dict[str, dict[str, list[PermissionRule]]] = {}
        globs: dict[str, list[tuple[str, PermissionRule]]] = {}
        for rule in rules:
            if rule.effect != effect:
                continue
            name = next(iter(rule.arguments), "")
            condition = rule.arguments.get(name) if _is_simple(rule) else None
            if isinstance(condition, str):
                globs.setdefault(name, []).append((condition, rule))
            elif condition is not None and (program := _program(condition)):
                by_program = self._programs.setdefault(name, {})
                by_program.setdefault(program, []).append(rule)
            else:
                self._others.append(rule)
        self._globs = [
            (name, any_of(glob for glob, _ in pairs), [(compiled(glob), r) for glob, r in pairs])
            for name, pairs in globs.items()
        ]
        self.any_rule = bool(self._others or globs or self._programs)

    def matching(self, asked: Asked, values: Values) -> list[PermissionRule]:
        found = [rule for rule in self._candidates(values) if _matches(rule, asked, values)]
        for name, any_glob, pairs in self._globs:
            value = values.get(name)
            if value is not None and value.has(any_glob):
                fitting = (rule for glob, rule in pairs if value.has(glob))
                # One rule is enough to deny; of those that ask, each may want other people.
                found += islice(fitting, 1) if self._effect == "deny" else fitting
        return found

    def _candidates(self, values: Values) -> list[PermissionRule]:
        """Return the rules that have to be looked at one by one."""
        candidates = self._others
        for name, by_program in self._programs.items():
            value = values.get(name)
            if value is None:
                continue
            lines = [shell_line(text) for text, _ in value.spellings]
            unclear = any(line.unclear for line in lines)
            run = {command[0] for line in lines for command in line.commands}
            for program in by_program if unclear else run.intersection(by_program):
                candidates = [*candidates, *by_program[program]]
        return candidates


def _is_simple(rule: PermissionRule) -> bool:
    return len(rule.arguments) == 1 and not (rule.after or rule.reach)


def _program(condition: ArgumentCondition) -> str:
    """Return the one program that a condition on a command's words names, or nothing."""
    program = condition.words[0] if condition.words else ""
    return "" if set(program) & set("*?[") else program


def _matches(rule: PermissionRule, asked: Asked, values: Values) -> bool:
    if rule.after and not _has_read(rule, asked.read):
        return False
    if rule.reach == "outside" and not asked.outside:
        return False
    grants = rule.effect == "allow"
    for name, condition in rule.arguments.items():
        value = values.get(name)
        if value is None or not holds(condition, value, grants=grants):
            return False
    return True


def _has_read(rule: PermissionRule, read: frozenset[Source]) -> bool:
    return bool(read.intersection(rule.after)) or (
        "untrusted" in rule.after and bool(read - {"people"})
    )
