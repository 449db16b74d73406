"""What a run may do: the rules of everybody who has a say, in layers. A layer can only narrow."""

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from callboard.domain.definition.permissions import PermissionRule
from callboard.domain.frozen import Frozen

Level = Literal["organisation", "space", "parent", "agent", "run"]


class PolicyLayer(Frozen):
    """Rules with who made them: `name` is a file, an agent's id, or what the person called it."""

    level: Level
    name: str
    rules: tuple[PermissionRule, ...]


@dataclass(frozen=True)
class Policy:
    """All layers of a run. Judging remembers here what it worked out for a tool."""

    layers: tuple[PolicyLayer, ...] = ()
    judged: dict[str, Any] = field(default_factory=dict[str, Any], compare=False, repr=False)

    @cached_property
    def has_rules(self) -> bool:
        """Whether there is anything to judge a call by."""
        return any(layer.rules for layer in self.layers)

    @cached_property
    def version(self) -> str:
        """The digest of the rules: an approval under other rules is none."""
        rules = [layer.model_dump(mode="json") for layer in self.layers if layer.rules]
        return hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()
