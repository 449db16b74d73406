"""What the deployment remembers for the requests that it answers."""

from datetime import datetime
from typing import Final

from callboard.domain.frozen import Frozen
from callboard.domain.record import Kind


class Repeat(Frozen):
    """A request that its sender may repeat, and how it was answered. `status` is None while nobody knows."""

    name: str
    fingerprint: str
    at: datetime
    status: int | None = None
    media: str = ""
    body: str | None = None


class DeploymentSecret(Frozen):
    """What only this deployment knows: it makes its marks unforgeable."""

    use: str
    secret: str


REPEATS: Final = Kind("repeat", Repeat, key=lambda one: one.name, audited=False)
DEPLOYMENT_SECRETS: Final = Kind(
    "deployment_secret", DeploymentSecret, key=lambda one: one.use, audited=False
)
