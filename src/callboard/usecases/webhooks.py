"""Webhooks: addresses outside that are told what happens, and what came of it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from callboard.domain.errors import ConfigurationInvalid, RecordConflict, UnknownThing
from callboard.domain.org.notice import DELIVERIES, WEBHOOKS, Delivery, NoticeEvent, WebhookRecord
from callboard.domain.org.principal import Principal, in_space
from callboard.domain.record import Kept
from callboard.engine.notices import message_id_of
from callboard.ports.records import Wanted
from callboard.usecases.app import App, require, seen_spaces
from callboard.usecases.checked import checked
from callboard.usecases.recording import existing, write
from callboard.usecases.signing_secrets import forget_secret, keep_secret
from callboard.usecases.spaces import require_space

OVERLAP: Final = timedelta(hours=24)
"""How long the secret before stays valid when there is a new one."""
_LISTED: Final = 2_000


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """What a webhook is to be: of one space or of all, told about some events or (none named) all."""

    id: str
    url: str
    space: str | None = None
    events: tuple[NoticeEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class SecretTold:
    """A webhook with its new secret, which is told this once."""

    webhook: WebhookRecord
    secret: SecretStr


async def add_webhook(app: App, who: Principal, wish: NewWebhook) -> SecretTold:
    """Tell an address what happens from now on.

    Raises:
        UnknownThing: there is no such space, or none that they see.
        ConfigurationInvalid: a field does not fit, or it is no URL of the web.
        RecordConflict: the id is taken.
    """
    if wish.space is not None:
        await require_space(app, who, "webhook.manage", wish.space)
    else:
        require(who, "webhook.manage")
    webhook = checked(
        WebhookRecord,
        id=wish.id,
        url=_web_url(wish.url),
        space=wish.space,
        events=wish.events,
        secrets=(f"webhook.{wish.id}.1",),
        created_by=who.actor,
        created_at=app.ports.clock.now(),
    )
    if await app.records.get(WEBHOOKS, webhook.id) is not None:
        raise RecordConflict(f"webhook {webhook.id} exists already; choose another name")
    await write(app, who, "webhook.manage", WEBHOOKS.put(webhook))
    return SecretTold(webhook, await keep_secret(app, webhook.secrets[0], who.actor))


async def list_webhooks(app: App, who: Principal) -> list[WebhookRecord]:
    """Return the webhooks that somebody may manage."""
    spaces = seen_spaces(who, "webhook.manage")
    return [kept.value for kept in await app.records.find(WEBHOOKS, Wanted(spaces=spaces))]


async def rotate_webhook(app: App, who: Principal, webhook_id: str) -> SecretTold:
    """Sign with a new secret; for 24 hours with the one before as well, so that the receiver can change over.

    Raises:
        UnknownThing: there is none, or none that they see.
    """
    kept = await _required_webhook(app, who, webhook_id)
    webhook = kept.value
    number = int(webhook.secrets[0].rpartition(".")[2]) + 1
    name = f"webhook.{webhook.id}.{number}"
    secret = await keep_secret(app, name, who.actor)
    update = {
        "secrets": (name, webhook.secrets[0]),
        "old_until": app.ports.clock.now() + OVERLAP,
        "active": True,
    }
    changed = webhook.model_copy(update=update)
    await write(app, who, "webhook.manage", WEBHOOKS.put(changed, over=kept))
    for old in webhook.secrets[1:]:
        await forget_secret(app, old)
    return SecretTold(changed, secret)


async def remove_webhook(app: App, who: Principal, webhook_id: str) -> None:
    """Take a webhook and its secrets away; what is on its way to it is given up.

    Raises:
        UnknownThing: there is none, or none that they see.
    """
    kept = await _required_webhook(app, who, webhook_id)
    await write(app, who, "webhook.manage", WEBHOOKS.remove(kept))
    for name in kept.value.secrets:
        await forget_secret(app, name)


async def find_webhook(app: App, who: Principal, webhook_id: str) -> WebhookRecord:
    """Return a webhook.

    Raises:
        UnknownThing: there is none, or none that they see.
    """
    return (await _required_webhook(app, who, webhook_id)).value


async def list_mail(app: App, who: Principal) -> list[Delivery]:
    """Return the e-mail that was, or is to be, sent to people, the latest first.

    Raises:
        NotAllowed: they do not manage what leaves the whole organisation.
    """
    require(who, "webhook.manage")
    found = await app.records.find(DELIVERIES, Wanted(newest_first=True, limit=_LISTED))
    return [kept.value for kept in found if kept.value.channel == "email"]


async def list_deliveries(app: App, who: Principal, webhook_id: str) -> list[Delivery]:
    """Return what was, or is to be, sent to a webhook, the latest first.

    Raises:
        UnknownThing: there is no such webhook, or none that they see.
    """
    await _required_webhook(app, who, webhook_id)
    found = await app.records.find(DELIVERIES, Wanted(newest_first=True, limit=_LISTED))
    return [kept.value for kept in found if _is_of(kept.value, webhook_id)]


async def replay_delivery(app: App, who: Principal, webhook_id: str, message_id: str) -> Delivery:
    """Send a message again as a new one, with an id of its own.

    Raises:
        UnknownThing: there is no such webhook or message, or none that they see.
    """
    await _required_webhook(app, who, webhook_id)
    there = await list_deliveries(app, who, webhook_id)
    before = next((one for one in there if one.message_id == message_id), None)
    if before is None:
        raise UnknownThing(
            f"{webhook_id} was sent no {message_id!r} (see `callboard webhooks deliveries {webhook_id}`)"
        )
    now = app.ports.clock.now()
    key = f"replay-{app.ids.run_id()}/{before.channel}/{before.recipient}"
    again = before.model_copy(
        update={
            "key": key,
            "message_id": message_id_of(key),
            "state": "pending",
            "next_at": now,
            "attempts": (),
            "replay_of": message_id,
            "created_at": now,
        }
    )
    await app.records.keep([DELIVERIES.put(again)])
    return again


def _is_of(delivery: Delivery, webhook_id: str) -> bool:
    return delivery.channel == "webhook" and delivery.recipient == webhook_id


async def _required_webhook(app: App, who: Principal, webhook_id: str) -> Kept[WebhookRecord]:
    hint = "see `callboard webhooks list`"
    kept = await existing(app, WEBHOOKS, webhook_id, hint)
    space = kept.value.space
    if space is not None and not who.sees(space):
        raise UnknownThing(f"there is no webhook {webhook_id!r} ({hint})")
    require(who, "webhook.manage", in_space(space))
    return kept


def _web_url(text: str) -> str:
    try:
        url = urlsplit(text)
        fits = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        fits = False
        url = urlsplit("")
    if not fits or "@" in url.netloc or any(ord(char) <= 32 for char in text):
        raise ConfigurationInvalid(
            f"{text!r} is no address of the web; write https://host/path, without a name or password"
        )
    return text
