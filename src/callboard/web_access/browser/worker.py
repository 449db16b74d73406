"""A process of its own for one visit: what drives Chromium must not have our environment.

It reads one line of JSON, visits, writes one line, and ends; when its input is closed before that, it
gives up and tidies up.
"""

import asyncio
import dataclasses
import json
import sys
from typing import Any

from callboard.ports.web import WebFailed
from callboard.web_access.browser.chromium import ChromiumBrowser
from callboard.web_access.egress.policy import EgressPolicy


async def _visited(wish: dict[str, Any]) -> dict[str, object]:
    browser = ChromiumBrowser(
        wish["program"],
        EgressPolicy(wish["allow"]),
        own=wish["own"],
        confined=wish["confined"],
    )
    try:
        visit = await browser.visit(
            wish["url"], wait_until=wish["wait_until"], timeout_s=wish["timeout_s"]
        )
    except WebFailed as failed:
        return {"failed": str(failed)}
    return {"visit": dataclasses.asdict(visit)}


async def _main() -> None:
    wish = json.loads(sys.stdin.readline())
    visiting = asyncio.ensure_future(_visited(wish))
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin, visiting.cancel)  # nothing more is sent: it was closed
    try:
        answer = await visiting
    except asyncio.CancelledError:
        return
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_main())
