"""What every clock and every source of ids do. Subclass, and give the fixtures `clock` and `ids`."""

# ruff: noqa: D102 - the names of the tests are their sentences

import re
from datetime import timedelta

from callboard.ports.clock import Clock, IdSource


class ClockContract:
    """The behaviour of `callboard.ports.clock.Clock`."""

    def test_the_time_is_in_utc(self, clock: Clock) -> None:
        assert clock.now().utcoffset() == timedelta()

    def test_the_monotonic_counter_never_goes_back(self, clock: Clock) -> None:
        readings = [clock.monotonic() for _ in range(100)]
        assert readings == sorted(readings)

    async def test_sleeping_takes_at_least_its_time(self, clock: Clock) -> None:
        before = clock.monotonic()
        await clock.sleep(0.01)
        assert clock.monotonic() - before >= 0.009


class IdSourceContract:
    """The behaviour of `callboard.ports.clock.IdSource`."""

    def test_ids_differ_and_are_plain(self, ids: IdSource) -> None:
        made = [ids.run_id() for _ in range(1_000)]
        assert len(set(made)) == len(made)
        assert all(re.fullmatch(r"[a-z0-9-]{1,64}", run_id) for run_id in made)
