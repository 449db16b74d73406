"""Coroutines from places that may not know whether a loop runs around them: the driver of a browser leaves one."""

import asyncio
from concurrent.futures import ThreadPoolExecutor


def run_apart(work):
    """Return what a coroutine comes to, in a thread and a loop of its own."""
    with ThreadPoolExecutor(max_workers=1) as apart:
        return apart.submit(asyncio.run, work).result()
