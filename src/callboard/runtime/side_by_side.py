"""Waiting for several things at once without leaving any behind."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import cast


async def side_by_side(work: Sequence[Coroutine[None, None, None]]) -> None:
    """Run all to their ends. When one fails the others are cancelled and waited for, and its own
    exception is raised, not a group.
    """
    if len(work) == 1:
        await work[0]
        return
    try:
        async with asyncio.TaskGroup() as group:
            for each in work:
                group.create_task(each)
    except BaseExceptionGroup as failures:
        raise _innermost(failures) from None


async def first_of(
    work: Sequence[Coroutine[None, None, object]], within_s: float | None = None
) -> None:
    """Run all until the first of them ends, or the time is over; the others are cancelled and waited for. Nobody is told
    what became of them.
    """
    waiting = [asyncio.ensure_future(each) for each in work]
    try:
        await asyncio.wait(waiting, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


def _innermost(failure: BaseException) -> BaseException:
    while isinstance(failure, BaseExceptionGroup):
        failure = cast("BaseExceptionGroup[BaseException]", failure).exceptions[0]
    return failure
