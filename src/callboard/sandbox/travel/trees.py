"""`ports.file_trees.FileTrees` over machines."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress

from callboard.domain.errors import ConfigurationInvalid
from callboard.ports.file_trees import StoredObject
from callboard.sandbox.git.contents import GitTrees
from callboard.sandbox.travel.workspaces import TravellingWorkspaces


class TravellingTrees:
    """The trees of this machine, and what others kept of theirs."""

    def __init__(self, near: GitTrees, workspaces: TravellingWorkspaces) -> None:
        self._near = near
        self._workspaces = workspaces

    async def objects(
        self, root: str, trees: Sequence[str], *, largest: int
    ) -> AsyncGenerator[StoredObject]:
        """See `ports.file_trees.FileTrees`."""
        place = root
        for tree in trees:
            with suppress(ConfigurationInvalid):  # what cannot be had comes without content
                place = await self._workspaces.bring(root, tree)
        async with aclosing(self._near.objects(place, trees, largest=largest)) as found:
            async for one in found:
                yield one
