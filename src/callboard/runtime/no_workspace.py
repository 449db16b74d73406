"""The workspace of a run that only ends: whoever ends it need not be where its files are."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import NoReturn

from callboard.ports.workspace import Commands, Files, PublishedTexts, Snapshots


class NoWorkspace:
    """`ports.workspace.Workspace` that has nothing. Using it is a mistake of ours."""

    def __init__(self, root: str) -> None:
        self.root = root

    @property
    def files(self) -> Files:
        """There are none."""
        self._refuse()

    @property
    def published(self) -> PublishedTexts:
        """There is nothing."""
        self._refuse()

    @property
    def commands(self) -> Commands:
        """There are none."""
        self._refuse()

    @property
    def snapshots(self) -> Snapshots:
        """There are none."""
        self._refuse()

    async def close(self) -> None:
        """Nothing is open."""

    def _refuse(self) -> NoReturn:
        raise RuntimeError(f"a run that only ends has no use for {self.root}")


@asynccontextmanager
async def no_workspace(root: str) -> AsyncGenerator[NoWorkspace]:
    """Give it for as long as the block lasts."""
    yield NoWorkspace(root)
