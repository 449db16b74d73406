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


def _innermost(failure: BaseException) -> BaseException:
    while isinstance(failure, BaseExceptionGroup):
        failure = cast("BaseExceptionGroup[BaseException]", failure).exceptions[0]
    return failure
