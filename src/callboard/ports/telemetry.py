"""Where what happened is told to those who watch over many systems, beside the runs."""

from typing import Protocol


class Telemetry(Protocol):
    """Tells from the moment it was made. Nothing waits for it, and what goes wrong in it harms nothing else."""

    async def close(self) -> None:
        """Send what is waiting, if it is taken soon, and end."""
        ...
