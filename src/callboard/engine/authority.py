"""Who may do what. One organisation, one machine: people and the system may, agents may not."""

from typing import Literal

from callboard.domain.actor import Actor

Action = Literal[
    "run.start",
    "run.resume",
    "run.cancel",
    "run.fork",
    "run.read",
    "run.steer",
    "agent.publish",
    "credential.manage",
    "credential.read",
    "gate.decide",
    "usage.read",
    "budget.manage",
]


def may(actor: Actor, action: Action) -> bool:
    """Return whether an actor may take an action. Only a person decides at a gate, publishes, or
    manages credentials and budgets.
    """
    if action in ("gate.decide", "agent.publish", "credential.manage", "budget.manage"):
        return actor.kind == "person"
    return actor.kind in ("person", "system", "schedule", "integration")
