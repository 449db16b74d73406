"""One workspace for all runs of a tree that work in the same directory."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from callboard.ports.workspace import Workspace, Workspaces


@dataclass(slots=True)
class _Opened:
    workspace: Workspace
    users: int = 0


class SharedWorkspaces:
    """Opens a directory when the first run needs it, and closes it after the last."""

    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces
        self._open: dict[str, _Opened] = {}
        self._opening = asyncio.Lock()

    @asynccontextmanager
    async def using(self, root: str) -> AsyncGenerator[Workspace]:
        """Give the workspace for as long as the block lasts."""
        async with self._opening:
            opened = self._open.get(root)
            if opened is None:
                opened = self._open[root] = _Opened(await self._workspaces.open(root))
            opened.users += 1
        try:
            yield opened.workspace
        finally:
            opened.users -= 1
            if opened.users == 0:
                del self._open[root]
                await opened.workspace.close()
