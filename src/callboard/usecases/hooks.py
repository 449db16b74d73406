"""Hooks of a space: messages from outside that become tasks."""

from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from callboard.domain.errors import RecordConflict, UnknownThing
from callboard.domain.org.hook import (
    HOOK_RECEIPTS,
    HOOKS,
    HookCondition,
    HookReceipt,
    HookRecord,
)
from callboard.domain.org.principal import Principal, in_space
from callboard.domain.org.template import TaskTemplate
from callboard.domain.record import Kept
from callboard.engine.authority import Action
from callboard.ports.records import Wanted
from callboard.usecases.app import App, require, seen_spaces
from callboard.usecases.checked import checked
from callboard.usecases.recording import write
from callboard.usecases.signing_secrets import forget_secret, keep_secret
from callboard.usecases.spaces import require_repository, require_space

_RECEIPTS: Final = 100


@dataclass(frozen=True, slots=True)
class NewHook:
    """What a hook is to be. `secret` is the sender's, where the sender has one."""

    id: str
    template: TaskTemplate
    when: tuple[HookCondition, ...] = ()
    secret: SecretStr | None = None


@dataclass(frozen=True, slots=True)
class AddedHook:
    """A new hook, with the secret that is told this once."""

    hook: HookRecord
    secret: SecretStr


async def add_hook(app: App, who: Principal, space: str, wish: NewHook) -> AddedHook:
    """Let messages become tasks of a space.

    Raises:
        UnknownThing: there is no such space, or none that they see.
        ConfigurationInvalid: a field or the secret does not fit.
        RecordConflict: the id is taken.
    """
    kept = await require_space(app, who, "webhook.manage", space)
    require_repository(who, wish.template.repository, kept.value)
    hook = checked(
        HookRecord,
        id=wish.id,
        space=space,
        template=wish.template,
        when=wish.when,
        secret=f"hook.{wish.id}",
        created_by=who.actor,
        created_at=app.ports.clock.now(),
    )
    if await app.records.get(HOOKS, hook.id) is not None:
        raise RecordConflict(f"hook {hook.id} exists already; choose another name")
    await write(app, who, "webhook.manage", HOOKS.put(hook))
    return AddedHook(hook, await keep_secret(app, hook.secret, who.actor, wish.secret))


async def list_hooks(app: App, who: Principal) -> list[HookRecord]:
    """Return the hooks of the spaces in which somebody may manage them."""
    spaces = seen_spaces(who, "webhook.manage")
    return [kept.value for kept in await app.records.find(HOOKS, Wanted(spaces=spaces))]


async def find_hook(app: App, who: Principal, hook_id: str) -> HookRecord:
    """Return a hook.

    Raises:
        UnknownThing: there is none, or none that they see.
    """
    return (await _required_hook(app, who, "webhook.manage", hook_id)).value


async def list_receipts(app: App, who: Principal, hook_id: str) -> list[HookReceipt]:
    """Return what came of the messages to a hook, the latest first.

    Raises:
        UnknownThing: there is no such hook, or none that they see.
    """
    await _required_hook(app, who, "webhook.manage", hook_id)
    wanted = Wanted(prefix=f"{hook_id}/", newest_first=True, limit=_RECEIPTS)
    return [kept.value for kept in await app.records.find(HOOK_RECEIPTS, wanted)]


async def remove_hook(app: App, who: Principal, hook_id: str) -> None:
    """Take a hook and its secret away; the tasks that came of it stay.

    Raises:
        UnknownThing: there is none, or none that they see.
    """
    kept = await _required_hook(app, who, "webhook.manage", hook_id)
    await write(app, who, "webhook.manage", HOOKS.remove(kept))
    await forget_secret(app, kept.value.secret)


async def _required_hook(
    app: App, who: Principal, action: Action, hook_id: str
) -> Kept[HookRecord]:
    kept = await app.records.get(HOOKS, hook_id)
    if kept is None or not who.sees(kept.value.space):
        raise UnknownThing(f"there is no hook {hook_id!r} (see `callboard hooks list`)")
    require(who, action, in_space(kept.value.space))
    return kept
