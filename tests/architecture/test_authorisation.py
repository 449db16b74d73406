"""Every use case authorises before it does anything else."""

import ast

import pytest

from .sources import modules

GUARDS = {
    "require",
    "require_run",
    "require_log",
    "require_space",
    "require_repository",
    "require_task",
    "require_agent",
    "require_reading",
    "require_or_new",
    "seen_spaces",
    "open_to",
    "require_person",
    "require_decider",
}
NO_USE_CASES = {"usecases/recording.py"}
"""What use cases are made of; it takes somebody along for the record."""


def _public_use_cases():
    for module in modules():
        if not module.path.startswith("usecases/") or module.path in NO_USE_CASES:
            continue
        for node in module.tree.body:
            if not isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef):
                continue
            takes = [argument.arg for argument in node.args.args]
            if not node.name.startswith("_") and "who" in takes and node.name not in GUARDS:
                yield pytest.param(module, node, id=f"{module.path}:{node.name}")


def _calls(statement):
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


@pytest.mark.parametrize(("module", "function"), list(_public_use_cases()))
def test_a_use_case_authorises_first(module, function):
    tree = module.tree
    guarding = GUARDS | {
        node.name
        for node in tree.body
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)
        and node.name.startswith("_required")
    }
    body = function.body[1:] if ast.get_docstring(function) else function.body
    # a use case may hand on to another one at once, which then authorises
    first = body[:2] if isinstance(body[0], ast.If) else body[:1]
    called = {name for statement in first for name in _calls(statement)}
    assert called & guarding, f"{function.name} does something before it authorises"


def test_every_use_case_is_looked_at():
    assert len(list(_public_use_cases())) > 25
