"""What a decision about a call costs among a hundred rules in three layers."""

import statistics
import time

from callboard.domain.definition.permissions import ArgumentCondition, PermissionRule
from callboard.domain.policy import Policy, PolicyLayer
from callboard.engine.permissions.ruling import Asked, ruling

_CALLS = 2_000
_ROUNDS = 9


def _rules(count: int) -> tuple[PermissionRule, ...]:
    """Rules that all speak of the tool, and none of which matches: each of them has to be looked at."""
    globs = (
        PermissionRule(effect="deny", tool="write_file", arguments={"path": f"secrets/{n}/**"})
        for n in range(count // 2)
    )
    others = (
        PermissionRule(effect="ask", tool="write_*", arguments={"path": f"**/{n}.lock"})
        for n in range(count - count // 2)
    )
    return (*globs, *others)


def _policy(rules: tuple[PermissionRule, ...]) -> Policy:
    third = len(rules) // 3
    parts = rules[:third], rules[third : 2 * third], rules[2 * third :]
    return Policy(
        tuple(PolicyLayer(level="parent", name=f"layer {n}", rules=p) for n, p in enumerate(parts))
    )


def _microseconds(policy: Policy, asked: Asked) -> float:
    ruling(policy, asked)
    times: list[float] = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        for _ in range(_CALLS):
            ruling(policy, asked)
        times.append((time.perf_counter() - began) / _CALLS * 1e6)
    return statistics.median(times)


def main() -> list[dict[str, object]]:
    """Measure globs on paths, a path that matches, and words of commands."""
    path = Asked("write_file", {"path": "src/app/main.py", "content": "x" * 2_000}, "/work")
    hit = Asked("write_file", {"path": "secrets/40/key", "content": "x"}, "/work")
    words = tuple(
        PermissionRule(
            effect="ask",
            tool="run_terminal_command",
            arguments={"command": ArgumentCondition(words=("git", f"verb{n}"))},
        )
        for n in range(100)
    )
    command = Asked("run_terminal_command", {"command": "cd src && make test 2>&1 | tail -5"})
    cases = (
        ("100 globs, none matches", _policy(_rules(100)), path),
        ("100 globs, one matches", _policy(_rules(100)), hit),
        ("100 rules on a command's words", _policy(words), command),
        ("no rules", Policy(), path),
    )
    return [
        {"decision": name, "µs (target ≤ 20)": round(_microseconds(policy, asked), 1)}
        for name, policy, asked in cases
    ]
