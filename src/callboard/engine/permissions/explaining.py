"""A ruling in words."""

import json

from callboard.domain.definition.permissions import PermissionRule
from callboard.engine.permissions.ruling import Reason, Ruling


def described(said: Ruling) -> str:
    """Return why a ruling is as it is, in one line."""
    if not said.reasons:
        return "no rule speaks of it"
    return "; ".join(_reason(reason) for reason in said.reasons)


def _reason(reason: Reason) -> str:
    whose = f"{reason.layer.level} ({reason.layer.name})"
    told = f": {reason.rule.reason}" if reason.rule.reason else ""
    if reason.by_omission:
        return (
            f"rules of {whose} allow other calls of it and not this one: {spelt(reason.rule)}{told}"
        )
    return f"rule of {whose}: {spelt(reason.rule)}{told}"


def spelt(rule: PermissionRule) -> str:
    """Return a rule as one line of a file."""
    fields = rule.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={"reason"})
    return json.dumps(fields, ensure_ascii=False)
