"""Die before and after every append and effect of runs that wait for people, money or their end."""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Literal

import pytest

from callboard.domain.events.codec import Recorded, unseal
from callboard.domain.events.gate import GateExpired, GateWithdrawn
from callboard.domain.events.run import Terminal
from callboard.domain.events.tool_call import ToolCallInterrupted
from callboard.domain.org.principal import as_owner
from callboard.domain.run.state import status_of
from callboard.domain.usage import usd
from callboard.ports.event_store import EventStore
from callboard.runtime.children import Ended
from callboard.testing.rig import ANN, rig
from callboard.testing.store.crashing import Crash, CrashingStore
from callboard.testing.store.memory import MemoryDisk, MemoryEventStore
from callboard.usecases.app import App
from callboard.usecases.verify_run import verify_run

from .people import FORK, MONEY, WAITING, Outside, Waiting
from .stories import RUN

pytestmark = pytest.mark.anyio

When = Literal["before", "after"]
A_CALL = usd("0.2")


@dataclass
class Outcome:
    ended: Ended
    outside: Outside
    events: list[Recorded]
    writes: int
    crashed: bool

    @property
    def status(self) -> str:
        assert self.ended.terminal is not None
        return status_of(self.ended.terminal)

    def count(self, *kinds: type) -> int:
        return sum(isinstance(entry.event, kinds) for entry in self.events)

    @property
    def ends(self) -> list[str]:
        """The runs in the order in which they ended."""
        return [entry.run_id for entry in self.events if isinstance(entry.event, Terminal)]

    @property
    def paid(self) -> Counter[str]:
        return Counter(one for one in self.outside.world.ledger if one.startswith("pay "))


def app_for(story: Waiting, outside: Outside, store: EventStore) -> App:
    provider = story.provider(outside.world)
    app = rig(
        provider,
        *story.agents,
        world=outside.world,
        store=store,
        clock=outside.clock,
        policies=outside.rules,
        budgets=outside.budgets,
    )
    provider.app = app
    return app


async def while_it_lives(story: Waiting, app: App, outside: Outside, store: CrashingStore) -> Ended:
    """Let a process go on until it ends or dies; what of it waits for nothing any more is gone with it."""
    going = asyncio.ensure_future(story.go(app, outside))
    while not going.done() and not (store.crashed or outside.world.dead):  # noqa: ASYNC110
        await asyncio.sleep(0)
    if not going.done():
        await settle_down()
        going.cancel()
    return await going


async def settle_down() -> None:
    """Let everything that can still move do so."""
    for _ in range(50):
        await asyncio.sleep(0)


async def play(
    story: Waiting,
    at_write: int | None = None,
    when: When = "before",
    *,
    at_effect: int | None = None,
) -> Outcome:
    """Play a story; where its process dies, let another one bring it to its end."""
    disk, outside = MemoryDisk(), story.outside()
    outside.world.crash_at, outside.world.crash_when = at_effect, when
    store = CrashingStore(MemoryEventStore(disk), at_write, when, outside.world.kill)
    app, crashed = app_for(story, outside, store), False
    try:
        ended = await while_it_lives(story, app, outside, store)
    except (Crash, asyncio.CancelledError):
        crashed = True
        with suppress(Crash):
            await app.driver.close()
        await settle_down()
        await store.inner.close()
        outside.world.revive()
        await outside.bury()
        app = app_for(story, outside, MemoryEventStore(disk))
        ended = await story.go(app, outside)
    await app.close()
    reader = app_for(story, outside, MemoryEventStore(disk))
    roots = (RUN, FORK) if story.forks else (RUN,)
    events: list[Recorded] = []
    for root in roots:
        assert (await verify_run(reader, as_owner(ANN), root)).problems == ()
        events += [unseal(sealed) for sealed in await reader.ports.store.read_tree(root)]
    await reader.close()
    return Outcome(ended, outside, events, store.writes, crashed)


@cache
def _sizes(name: str) -> tuple[int, int]:
    import anyio  # noqa: PLC0415

    calm = anyio.run(play, next(story for story in WAITING if story.name == name))
    return calm.writes, calm.outside.world.effects


def _points(kind: Literal["write", "effect"]) -> list[object]:
    return [
        pytest.param(story, at, when, id=f"{story.name}-{when}-{kind}-{at}")
        for story in WAITING
        for at in range(1, _sizes(story.name)[kind == "effect"] + 1)
        for when in ("before", "after")
    ]


def assert_equivalent(story: Waiting, crashed: Outcome, calm: Outcome) -> None:
    assert crashed.crashed
    assert crashed.status == calm.status
    if not story.cancelled_by:  # how far the others had come when the end was asked for is chance
        assert set(crashed.ends) == set(calm.ends)
    assert crashed.ends[-1] == calm.ends[-1], "children end before their parent"
    assert all(count == 1 for count in crashed.paid.values()), "nothing is paid twice"
    assert set(crashed.paid) <= set(calm.paid)
    assert len(crashed.ends) == len(set(crashed.ends)), "nothing ends twice"
    if not story.cancelled_by and crashed.count(ToolCallInterrupted) == calm.count(
        ToolCallInterrupted
    ):
        assert crashed.outside.world.files == calm.outside.world.files
        assert crashed.paid == calm.paid
    for kind in (GateExpired, GateWithdrawn):
        assert crashed.count(kind) == calm.count(kind)
    assert_money_adds_up(crashed)


def assert_money_adds_up(outcome: Outcome) -> None:
    """Nothing stays reserved; what the account says is what the log says, and at most one lost call more."""
    bill = outcome.ended.bill.known_usd
    for account in outcome.outside.budgets.accounts.values():
        assert account.reserved_usd == 0
        lost = account.spent_usd - bill
        assert Decimal(0) <= lost <= (A_CALL if outcome.crashed else 0)


@pytest.mark.parametrize(("story", "at", "when"), _points("write"))
async def test_dying_at_any_append_around_people_changes_nothing(
    story: Waiting, at: int, when: When
):
    assert_equivalent(story, await play(story, at, when), await play(story))


@pytest.mark.parametrize(("story", "at", "when"), _points("effect"))
async def test_dying_at_any_effect_around_people_changes_nothing(
    story: Waiting, at: int, when: When
):
    assert_equivalent(story, await play(story, None, when, at_effect=at), await play(story))


@pytest.mark.parametrize(
    ("name", "status", "files", "paid"),
    [
        ("quorum", "completed", {"bill": "¢"}, 1),
        ("expiry", "completed", {}, 0),
        ("rules", "completed", {"bill": "$"}, 1),
        ("money", "completed", {"bill": "$", "tip": "$", "tax": "$"}, 3),
        ("cancellation", "cancelled", None, None),
    ],
)
async def test_the_stories_around_people_come_to_what_they_should(name, status, files, paid):
    calm = await play(next(story for story in WAITING if story.name == name))
    assert calm.status == status
    assert files is None or calm.outside.world.files == files
    assert paid is None or calm.paid.total() == paid
    assert_money_adds_up(calm)


async def test_a_fork_in_the_middle_of_a_call_never_makes_that_call():
    calm = await play(next(story for story in WAITING if story.forks))
    assert calm.count(ToolCallInterrupted) == 1
    assert "pay story call_1_1" in calm.paid
    assert "pay fork call_1_1" not in calm.paid


async def test_a_run_at_its_budget_waits_and_spends_no_more_than_it_was_given():
    calm = await play(MONEY)
    (account,) = calm.outside.budgets.accounts.values()
    assert account.spent_usd == calm.ended.bill.known_usd == usd("0.8") <= account.limit_usd
