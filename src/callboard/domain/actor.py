"""Who did it."""

from typing import Literal

from callboard.domain.frozen import Frozen


class Actor(Frozen):
    """A person, agent, schedule, integration or the system itself. `name` identifies it within its kind."""

    kind: Literal["person", "agent", "schedule", "integration", "system"]
    name: str
