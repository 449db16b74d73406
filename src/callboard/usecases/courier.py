"""The courier: sends what is in the outbox, tries again what did not arrive, and gives up in the end."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from callboard.domain.errors import CallboardError, RecordConflict
from callboard.domain.org.notice import DELIVERIES, WEBHOOKS, Delivery, DeliveryAttempt
from callboard.domain.org.people import PEOPLE
from callboard.domain.org.principal import SYSTEM
from callboard.domain.record import Kept
from callboard.engine.notices import next_attempt
from callboard.engine.webhook_signatures import signatures
from callboard.ports.notifier import (
    Mail,
    MailSender,
    NotDelivered,
    WebhookMessage,
    WebhookSender,
)
from callboard.ports.records import Wanted
from callboard.usecases.app import App
from callboard.usecases.recording import write
from callboard.usecases.signing_secrets import keys_of

_AT_ONCE: Final = 10
_LEASE: Final = timedelta(minutes=5)
"""For how long a message belongs to the worker that sends it; if that dies, another one sends it again."""
_KEPT: Final = timedelta(days=30)
"""How long the log of deliveries goes back."""
_FORGOTTEN_AT_ONCE: Final = 50
_REMEMBERED: Final = 20
"""How many attempts the log of a message keeps."""


@dataclass(frozen=True, slots=True)
class Courier:
    """Sends at least once: a message whose worker died on the way is sent again under the same id."""

    app: App
    mail: MailSender | None = None
    webhooks: WebhookSender | None = None

    async def turn(self) -> int:
        """Send what is due, a few at a time; return how many were tried."""
        now = self.app.ports.clock.now()
        pending = await self.app.records.find(DELIVERIES, Wanted(states=("pending",)))
        due = [kept for kept in pending if kept.value.next_at <= now and self._can(kept.value)]
        tried = await asyncio.gather(*(self._take(kept) for kept in due[:_AT_ONCE]))
        if not due:
            await self._forget(now - _KEPT)
        return sum(tried)

    async def _forget(self, before: datetime) -> None:
        """Take old messages out of the log; what tells that an event was told is kept elsewhere."""
        oldest = Wanted(states=("sent", "failed"), limit=_FORGOTTEN_AT_ONCE)
        found = await self.app.records.find(DELIVERIES, oldest)
        gone = [DELIVERIES.remove(kept) for kept in found if kept.value.created_at < before]
        if gone:
            with contextlib.suppress(RecordConflict):  # another worker forgets them as well
                await self.app.records.keep(gone)

    def _can(self, delivery: Delivery) -> bool:
        return (self.mail if delivery.channel == "email" else self.webhooks) is not None

    async def _take(self, kept: Kept[Delivery]) -> int:
        """Send a message unless another worker does."""
        now = self.app.ports.clock.now()
        leased = kept.value.model_copy(update={"next_at": now + _LEASE})
        try:
            await self.app.records.keep([DELIVERIES.put(leased, over=kept)])
        except RecordConflict:
            return 0
        taken = await self.app.records.get(DELIVERIES, kept.value.key)
        if taken is not None:
            after = await self._sent(taken.value)
            with contextlib.suppress(RecordConflict):
                await self.app.records.keep([DELIVERIES.put(after, over=taken)])
        return 1

    async def _sent(self, delivery: Delivery) -> Delivery:
        """Send a message and return what became of it."""
        try:
            if delivery.channel == "email":
                await self._mail(delivery)
            else:
                await self._post(delivery)
        except NotDelivered as error:
            if error.gone:
                await self._switch_off(delivery.recipient)
            return self._tried(delivery, str(error), error)
        except CallboardError as error:  # the vault does not open, for one
            return self._tried(delivery, str(error), None)
        return self._tried(delivery, "", None)

    def _tried(self, delivery: Delivery, problem: str, error: NotDelivered | None) -> Delivery:
        now = self.app.ports.clock.now()
        attempts = (*delivery.attempts, DeliveryAttempt(at=now, problem=problem[:300]))
        update: dict[str, object] = {"attempts": attempts[-_REMEMBERED:]}
        if not problem:
            return delivery.model_copy(update=update | {"state": "sent"})
        permanent = error is not None and (error.permanent or error.gone)
        asked = error.retry_after_s if error is not None else None
        again: datetime | None = None
        if not permanent:
            again = next_attempt(delivery.key, len(attempts), now, asked)
        if again is None:
            return delivery.model_copy(update=update | {"state": "failed"})
        return delivery.model_copy(update=update | {"next_at": again})

    async def _mail(self, delivery: Delivery) -> None:
        person = await self.app.records.get(PEOPLE, delivery.recipient)
        if person is None or not person.value.active or not person.value.email:
            raise NotDelivered(f"{delivery.recipient} has no address any more", permanent=True)
        mail = Mail(person.value.email, delivery.subject, delivery.text, delivery.message_id)
        if self.mail is not None:
            await self.mail.send(mail)

    async def _post(self, delivery: Delivery) -> None:
        kept = await self.app.records.get(WEBHOOKS, delivery.recipient)
        if kept is None or not kept.value.active:
            raise NotDelivered(f"{delivery.recipient} is gone or switched off", permanent=True)
        webhook, now = kept.value, self.app.ports.clock.now()
        names: Sequence[str] = webhook.secrets
        if webhook.old_until is None or now >= webhook.old_until:
            names = names[:1]
        keys = await keys_of(self.app, *names)
        if not keys:
            raise NotDelivered(f"the secret of {webhook.id} is gone; rotate it", permanent=True)
        body, at = delivery.body.encode(), int(now.timestamp())
        headers = {
            "webhook-id": delivery.message_id,
            "webhook-timestamp": str(at),
            "webhook-signature": signatures(keys, delivery.message_id, at, body),
        }
        if self.webhooks is not None:
            await self.webhooks.post(WebhookMessage(webhook.url, headers, body))

    async def _switch_off(self, webhook_id: str) -> None:
        """Send nothing more to an address that says that it is gone for good."""
        kept = await self.app.records.get(WEBHOOKS, webhook_id)
        if kept is not None and kept.value.active:
            off = WEBHOOKS.put(kept.value.model_copy(update={"active": False}), over=kept)
            with contextlib.suppress(RecordConflict):
                note = "the receiver answered that it is gone"
                await write(self.app, SYSTEM, "webhook.manage", off, note=note)
