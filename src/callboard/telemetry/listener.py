"""Hears every event that this process has made durable, and tells those who count or trace what it means.

It is never in the way of a run: it is called after the fact, it waits for nothing, and what goes wrong in it is
logged once and forgotten. Only telemetry can be lost.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, Protocol

from callboard.domain.errors import CallboardError
from callboard.domain.events.codec import Recorded, Sealed, unseal
from callboard.domain.events.run import RunCancelled, RunCompleted, RunCreated, RunFailed
from callboard.ports.event_store import EventStore
from callboard.telemetry.run_facts import RunFacts, facts_after, facts_of

_log: Final = logging.getLogger("callboard.telemetry")
_MOST_RUNS: Final = 20_000
_MOST_HELD: Final = 2_000
_ENDS: Final = RunCompleted | RunFailed | RunCancelled


class Ear(Protocol):
    """Somebody who makes something of events."""

    def heard(self, facts: RunFacts, recorded: Recorded) -> None:
        """Take note of an event. Returns at once."""
        ...


class Listener:
    """Knows what is to be known of the runs of this process, and passes their events on in order.

    Of a run that another process began, the log is read once, beside; its events are held back so long.
    """

    def __init__(self, store: EventStore, ears: Sequence[Ear]) -> None:
        self._store = store
        self._ears = tuple(ears)
        self._runs: OrderedDict[str, RunFacts] = OrderedDict()
        self._held: dict[str, list[Recorded]] = {}
        self._learning: set[asyncio.Task[None]] = set()
        self._complained = False
        self.lost = 0
        """How many events were not passed on."""

    def heard(self, recorded: Recorded, _: Sealed | None = None) -> None:
        """Take note of an event that is durable."""
        try:
            self._hear(recorded)
        except Exception:  # noqa: BLE001 - a run must not end because of who counts it
            self._complain()

    async def close(self) -> None:
        """Forget what is not known yet."""
        for task in self._learning:
            task.cancel()
        await asyncio.gather(*self._learning, return_exceptions=True)

    def _hear(self, recorded: Recorded) -> None:
        run_id = recorded.run_id
        held = self._held.get(run_id)
        if held is not None:
            self._hold(held, recorded)
            return
        facts = facts_after(self._runs.get(run_id), recorded)
        if facts is None:
            self._held[run_id] = [recorded]
            task = asyncio.get_running_loop().create_task(self._learn(run_id))
            self._learning.add(task)
            task.add_done_callback(self._learning.discard)
            return
        self._pass_on(facts, recorded)

    def _hold(self, held: list[Recorded], recorded: Recorded) -> None:
        if len(held) < _MOST_HELD:
            held.append(recorded)
        else:
            self.lost += 1

    def _pass_on(self, facts: RunFacts, recorded: Recorded) -> None:
        if isinstance(recorded.event, _ENDS):
            self._runs.pop(recorded.run_id, None)
        else:
            self._runs[recorded.run_id] = facts
            if isinstance(recorded.event, RunCreated) and len(self._runs) > _MOST_RUNS:
                self._runs.popitem(last=False)  # it is read again should it go on
        for ear in self._ears:
            ear.heard(facts, recorded)

    async def _learn(self, run_id: str) -> None:
        """Read the beginning of a run that was taken up here, then pass on what was heard of it meanwhile."""
        facts: RunFacts | None = None
        try:
            first = self._held[run_id][0].seq
            log = [unseal(one) for one in await self._store.read(run_id)]
            facts = facts_of([one for one in log if one.seq < first])
        except CallboardError:
            pass
        except Exception:  # noqa: BLE001 - see `heard`
            self._complain()
        for recorded in self._held.pop(run_id, []):
            facts = facts_after(facts, recorded)
            if facts is None:
                self.lost += 1
            else:
                self._pass_on(facts, recorded)

    def _complain(self) -> None:
        self.lost += 1
        if not self._complained:
            self._complained = True
            _log.exception("an event could not be counted or traced; this is said once")
