"""Requests that may be repeated without being done twice, and the secret behind cursors."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from callboard.domain.errors import RecordConflict, UserMistake
from callboard.domain.org.repeats import (
    DEPLOYMENT_SECRETS,
    REPEATS,
    DeploymentSecret,
    Repeat,
)
from callboard.domain.record import Kept
from callboard.ports.records import Wanted
from callboard.usecases.app import App

KEPT_FOR: Final = timedelta(hours=24)
_PATIENCE_S: Final = 10.0
_LOOK_EVERY_S: Final = 0.05


class KeyReused(UserMistake):
    """An idempotency key came again, with another request."""

    code = "idempotency_key_reused"


class OutcomeUnknown(UserMistake):
    """A request with this key was begun; how it went is not known (yet)."""

    code = "idempotency_outcome_unknown"


@dataclass(frozen=True, slots=True)
class Request:
    """A request to be done once: whose it is, the key that they gave it, and the whole of what it asks for."""

    account: str
    key: str
    content: bytes

    @property
    def name(self) -> str:
        """What it is remembered by."""
        return f"{self.account} {hashlib.sha256(self.key.encode(errors='replace')).hexdigest()}"

    @property
    def fingerprint(self) -> str:
        """What tells it from another one with the same key."""
        return hashlib.sha256(self.content).hexdigest()


async def begin_once(app: App, request: Request) -> Repeat | None:
    """Return how a request was answered before; None where it is to be done now, by the caller and nobody else.

    Raises:
        KeyReused: the key was given to another request.
        OutcomeUnknown: it is being done, or whoever did it died.
    """
    waited = 0.0
    while True:
        kept = await app.records.get(REPEATS, request.name)
        now = app.ports.clock.now()
        if kept is None or now - kept.value.at >= KEPT_FOR:
            new = Repeat(name=request.name, fingerprint=request.fingerprint, at=now)
            try:
                await app.records.keep((REPEATS.put(new, over=kept),))
            except RecordConflict:  # a duplicate came at the same moment
                continue
            await _forget_old(app)
            return None
        if kept.value.fingerprint != request.fingerprint:
            raise KeyReused("this Idempotency-Key was given to another request; use a new one")
        if kept.value.status is not None:
            return kept.value
        if waited >= _PATIENCE_S:
            raise OutcomeUnknown(
                "a request with this Idempotency-Key was begun and has not been answered; look at what it was to"
                " change before you ask for it again with another key"
            )
        await app.ports.clock.sleep(_LOOK_EVERY_S)
        waited += _LOOK_EVERY_S


async def answered(app: App, request: Request, status: int, media: str, body: str | None) -> None:
    """Remember how a request was answered. Without a body it cannot be answered so again."""
    kept = await app.records.get(REPEATS, request.name)
    if kept is not None:
        done = kept.value.model_copy(update={"status": status, "media": media, "body": body})
        with suppress(RecordConflict):
            await app.records.keep((REPEATS.put(done, over=kept),))


async def refused(app: App, request: Request) -> None:
    """Forget a request that changed nothing: it may come again, put right, with the same key."""
    kept = await app.records.get(REPEATS, request.name)
    if kept is not None:
        with suppress(RecordConflict):
            await app.records.keep((REPEATS.remove(kept),))


async def deployment_secret(app: App, use: str) -> bytes:
    """Return a secret of this deployment, the same one for ever and in every process."""
    while True:
        kept = await app.records.get(DEPLOYMENT_SECRETS, use)
        if kept is not None:
            return kept.value.secret.encode()
        new = DeploymentSecret(use=use, secret=app.chance.secret())
        with suppress(RecordConflict):  # another process makes one: theirs is as good
            await app.records.keep((DEPLOYMENT_SECRETS.put(new),))


async def _forget_old(app: App) -> None:
    now = app.ports.clock.now()
    oldest: list[Kept[Repeat]] = await app.records.find(REPEATS, Wanted(limit=20))
    gone = [REPEATS.remove(one) for one in oldest if now - one.value.at >= KEPT_FOR]
    with suppress(RecordConflict):
        await app.records.keep(gone)
