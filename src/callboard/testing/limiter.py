"""A double of the limiter, and the contract that every adapter keeps."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from callboard.engine.pacing import MICRO, Ask, Full, Level, Limit, LimitStanding, room
from callboard.ports.clock import Clock
from callboard.ports.limiter import Limiter
from callboard.testing.clock import FakeClock


@dataclass
class MemoryLimiter:
    """`callboard.ports.limiter.Limiter` in dictionaries, for one process."""

    clock: Clock = field(default_factory=FakeClock)
    limits: dict[str, Limit] = field(default_factory=dict[str, Limit])
    held: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    _levels: dict[str, Level] = field(default_factory=dict[str, Level])

    async def limited(self, names: Sequence[str]) -> tuple[str, ...]:
        """See the port."""
        return tuple(name for name in names if name in self.limits)

    async def take(self, holder: str, asks: Sequence[Ask]) -> Full | None:
        """See the port."""
        new = [ask for ask in asks if holder not in self.held.get(ask.name, ())]
        found = [self._room(ask) for ask in new]
        full = next((one for one in found if isinstance(one, Full)), None)
        if full is not None:
            return full
        for ask, level in zip(new, found, strict=True):
            self.held.setdefault(ask.name, set()).add(holder)
            if isinstance(level, Level):
                self._levels[ask.name] = level
        return None

    async def look(self, asks: Sequence[Ask]) -> Full | None:
        """See the port."""
        found = (self._room(ask) for ask in asks)
        return next((one for one in found if isinstance(one, Full)), None)

    async def give_back(self, holder: str) -> None:
        """See the port."""
        for holders in self.held.values():
            holders.discard(holder)

    async def correct(self, names: Sequence[str], by: int) -> None:
        """See the port."""
        for name in names:
            if name in self.limits:
                self._levels[name] = self._levels[name].without(by)

    async def set_limit(self, limit: Limit) -> None:
        """See the port."""
        kept = self._levels.get(limit.name)
        full = Level(limit.depth * MICRO, self._now_us())
        self._levels[limit.name] = full if kept is None else kept
        self.limits[limit.name] = limit

    async def remove_limit(self, name: str) -> bool:
        """See the port."""
        self._levels.pop(name, None)
        return self.limits.pop(name, None) is not None

    async def standings(self) -> list[LimitStanding]:
        """See the port."""
        used = {name for name, holders in self.held.items() if holders}
        return [self._standing(name) for name in sorted(used | self.limits.keys())]

    def _standing(self, name: str) -> LimitStanding:
        limit, in_use = self.limits.get(name, Limit(name)), len(self.held.get(name, ()))
        if limit.per_minute is None:
            return LimitStanding(limit, in_use)
        return LimitStanding(limit, in_use, self._levels[name].filled(limit, self._now_us()).whole)

    def _room(self, ask: Ask) -> Full | Level | None:
        in_use, limit = len(self.held.get(ask.name, ())), self.limits.get(ask.name)
        return room(ask, limit, in_use, self._levels.get(ask.name, Level(0, 0)), self._now_us())

    def _now_us(self) -> int:
        return int(self.clock.now().timestamp() * MICRO)


class LimiterContract:
    """Subclass it and give a fixture `limiter`: an empty adapter of the port."""

    async def test_there_is_room_for_as_many_as_may_go_on_and_no_more(
        self, limiter: Limiter
    ) -> None:
        """Whoever gives back makes room for the next."""
        await limiter.set_limit(Limit("provider:p", at_once=2))
        asks = (Ask("provider:p"),)
        assert [await limiter.take(f"h{n}", asks) for n in range(3)] == [
            None,
            None,
            Full("provider:p", 2, 2),
        ]
        await limiter.give_back("h0")
        assert await limiter.take("h2", asks) is None
        assert await limiter.take("h0", asks) == Full("provider:p", 2, 2)

    async def test_taking_what_one_has_takes_nothing_more(self, limiter: Limiter) -> None:
        """Neither a place nor a part of the minute."""
        await limiter.set_limit(Limit("agent:a", at_once=1, per_minute=1, burst=1))
        for _ in range(3):
            assert await limiter.take("h", (Ask("agent:a"),)) is None
        (standing,) = await limiter.standings()
        assert standing.in_use == 1
        await limiter.give_back("h")
        await limiter.give_back("h")
        (standing,) = await limiter.standings()
        assert standing.in_use == 0

    async def test_room_is_taken_under_all_names_or_under_none(self, limiter: Limiter) -> None:
        """What is in the way is named, and the others are as they were."""
        await limiter.set_limit(Limit("provider:p", at_once=5, per_minute=600, burst=5))
        await limiter.set_limit(Limit("model:m", at_once=1))
        both = (Ask("provider:p"), Ask("model:m"))
        assert await limiter.take("h1", both) is None
        assert await limiter.take("h2", both) == Full("model:m", 1, 1)
        assert {one.limit.name: one.in_use for one in await limiter.standings()} == {
            "provider:p": 1,
            "model:m": 1,
        }
        assert await limiter.take("h3", (Ask("provider:p"),)) is None

    async def test_a_bound_that_the_asker_knows_holds_beside_the_one_that_was_set(
        self, limiter: Limiter
    ) -> None:
        """The smaller of both; and a name without any bound has room for everybody."""
        assert await limiter.take("h1", (Ask("space:s", 1), Ask("space:t"))) is None
        assert await limiter.take("h2", (Ask("space:s", 1),)) == Full("space:s", 1, 1)
        assert await limiter.take("h2", (Ask("space:s", 2), Ask("space:t"))) is None
        await limiter.set_limit(Limit("space:s", at_once=2))
        assert await limiter.take("h3", (Ask("space:s", 9),)) == Full("space:s", 2, 2)

    async def test_looking_takes_nothing(self, limiter: Limiter) -> None:
        """It says what would be in the way."""
        asks = (Ask("agent:a", 1),)
        assert await limiter.look(asks) is None
        assert await limiter.look(asks) is None
        assert await limiter.take("h", asks) is None
        assert await limiter.look(asks) == Full("agent:a", 1, 1)

    async def test_no_more_begin_in_a_moment_than_a_burst_allows(self, limiter: Limiter) -> None:
        """The minute is used up then, and it is said when there is room again."""
        await limiter.set_limit(Limit("provider:p", per_minute=1, burst=3))
        said: list[Full | None] = []
        for n in range(4):
            said.append(await limiter.take(f"h{n}", (Ask("provider:p"),)))
            await limiter.give_back(f"h{n}")
        assert said[:3] == [None] * 3
        assert isinstance(said[3], Full)
        assert said[3].wait_s is not None
        assert 0 < said[3].wait_s <= 60

    async def test_what_came_to_more_than_was_asked_for_is_waited_for_by_the_next(
        self, limiter: Limiter
    ) -> None:
        """And what came to less is there again; by name."""
        await limiter.set_limit(Limit("tokens:model:m", per_minute=600, burst=600))
        await limiter.set_limit(Limit("tokens:model:n", per_minute=1, burst=100))
        asks = (Ask("tokens:model:m", amount=100), Ask("tokens:model:n", amount=100))
        assert await limiter.take("h", asks) is None
        await limiter.give_back("h")
        await limiter.correct(("tokens:model:m", "tokens:model:none"), by=700)
        await limiter.correct(("tokens:model:n",), by=-60)
        full = await limiter.take("h", (Ask("tokens:model:m", amount=1),))
        assert isinstance(full, Full)
        assert full.wait_s is not None
        assert 15 < full.wait_s <= 20.1
        assert await limiter.take("h", (Ask("tokens:model:n", amount=60),)) is None
        assert isinstance(await limiter.take("i", (Ask("tokens:model:n", amount=60),)), Full)

    async def test_whoever_asks_for_more_than_a_minute_allows_begins_when_all_of_it_is_there(
        self, limiter: Limiter
    ) -> None:
        """Those that come behind wait until it is paid for."""
        await limiter.set_limit(Limit("tokens:model:m", per_minute=60, burst=60))
        assert await limiter.take("h", (Ask("tokens:model:m", amount=100),)) is None
        full = await limiter.take("i", (Ask("tokens:model:m", amount=1),))
        assert isinstance(full, Full)
        assert full.wait_s is not None
        assert 38 < full.wait_s <= 41

    async def test_a_limit_can_be_changed_and_taken_away(self, limiter: Limiter) -> None:
        """What goes on already goes on; what is used up of a minute stays so."""
        await limiter.set_limit(Limit("provider:p", at_once=2, per_minute=2, burst=2))
        for n in range(2):
            assert await limiter.take(f"h{n}", (Ask("provider:p"),)) is None
        await limiter.set_limit(Limit("provider:p", at_once=1, per_minute=1, burst=1))
        assert await limiter.take("h3", (Ask("provider:p"),)) == Full("provider:p", 2, 1)
        await limiter.give_back("h0")
        await limiter.give_back("h1")
        full = await limiter.take("h3", (Ask("provider:p"),))
        assert isinstance(full, Full)
        assert full.wait_s is not None
        assert await limiter.limited(("provider:p", "provider:q")) == ("provider:p",)
        assert await limiter.remove_limit("provider:p")
        assert not await limiter.remove_limit("provider:p")
        assert await limiter.take("h3", (Ask("provider:p"),)) is None

    async def test_what_is_left_of_a_limit_can_be_seen(self, limiter: Limiter) -> None:
        """By name; names without a limit only while something goes on."""
        await limiter.set_limit(Limit("model:m", at_once=3, per_minute=1, burst=3))
        await limiter.set_limit(Limit("agent:a", at_once=1))
        assert await limiter.take("h", (Ask("model:m"), Ask("space:s", 4))) is None
        assert await limiter.standings() == [
            LimitStanding(Limit("agent:a", at_once=1)),
            LimitStanding(Limit("model:m", at_once=3, per_minute=1, burst=3), 1, 2),
            LimitStanding(Limit("space:s"), 1),
        ]
        await limiter.give_back("h")
        assert [one.limit.name for one in await limiter.standings()] == ["agent:a", "model:m"]

    async def test_of_two_hundred_that_ask_side_by_side_never_too_many_have_room(
        self, limiter: Limiter
    ) -> None:
        """Under any of the names."""
        await limiter.set_limit(Limit("provider:p", at_once=7))
        within = {"provider:p": 0, "model:0": 0, "model:1": 0, "model:2": 0}
        most = dict(within)

        async def call(number: int) -> None:
            asks = (Ask("provider:p"), Ask(f"model:{number % 3}", 3))
            said = await limiter.take(f"h{number}", asks)
            while isinstance(said, Full):
                await asyncio.sleep(0)
                said = await limiter.take(f"h{number}", asks)
            for ask in asks:
                within[ask.name] += 1
                most[ask.name] = max(most[ask.name], within[ask.name])
            await asyncio.sleep(0)
            for ask in asks:
                within[ask.name] -= 1
            await limiter.give_back(f"h{number}")

        await asyncio.gather(*(call(number) for number in range(200)))
        assert most["provider:p"] <= 7
        assert max(most["model:0"], most["model:1"], most["model:2"]) <= 3
        assert all(one.in_use == 0 for one in await limiter.standings())
