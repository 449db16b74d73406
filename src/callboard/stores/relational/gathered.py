"""Questions for signals that come up at the same time are one question."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from callboard.ports.event_store import Signal

Ask = Callable[[Sequence[str]], Awaitable[list[Signal]]]
_Asked = tuple[Sequence[str], "asyncio.Future[list[Signal]]"]


class GatheredSignals:
    """Asks for the signals of all runs that were asked for in one turn of an event loop, in one go: runs that go on together
    after one commit look for them together, and a thread and a statement for each would cost more than the answer.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._waiting: dict[asyncio.AbstractEventLoop, list[_Asked]] = {}
        self._asking: set[asyncio.Task[None]] = set()

    async def of(self, run_ids: Sequence[str]) -> list[Signal]:
        """Return the signals of these runs, oldest first, as they are now or a moment later."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[Signal]] = loop.create_future()
        waiting = self._waiting.setdefault(loop, [])
        waiting.append((run_ids, answer))
        if len(waiting) == 1:
            loop.call_soon(self._begin, loop)
        return await answer

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        task = loop.create_task(self._answer(self._waiting.pop(loop)))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _answer(self, asked: Sequence[_Asked]) -> None:
        wanted = list(dict.fromkeys(run_id for run_ids, _ in asked for run_id in run_ids))
        try:
            found = await self._ask(wanted)
        except BaseException as failure:  # noqa: BLE001 - raised where somebody waits for it
            for _, answer in asked:
                if not answer.done():
                    answer.set_exception(failure)
            return
        for run_ids, answer in asked:
            if not answer.done():
                answer.set_result([signal for signal in found if signal.run_id in run_ids])
