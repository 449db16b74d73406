"""The deployment's log of runs: signed when there is something new, compared with what was signed before."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from callboard.domain.errors import CallboardError, ConfigurationInvalid, LogCorrupt
from callboard.domain.proof.anchor import Anchor
from callboard.domain.proof.checkpoint import Checkpoint
from callboard.domain.proof.merkle import Frontier, Tree
from callboard.domain.proof.note import FormatInvalid, Note, Signature, SignatureCheck
from callboard.engine.proof.log import signed_checkpoint
from callboard.ports.anchors import AnchorLog, CheckpointPlace, SignedState
from callboard.ports.file_trees import FileTrees
from callboard.ports.signer import Signer


@dataclass(frozen=True, slots=True)
class Seen:
    """The log as it is in the database (each leaf with its place, from 0), what it was when it was last signed,
    and what is wrong with it.
    """

    anchors: Mapping[Anchor, int]
    tree: Tree
    last: Checkpoint | None
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """What a deployment proves its runs with. `signer` reads the key, or makes one, when it is first needed;
    `secrets` gives the values that no export may hold.
    """

    log: AnchorLog
    place: CheckpointPlace
    trees: FileTrees
    signer: Callable[[], Signer] = field(repr=False)
    is_signature: SignatureCheck = field(repr=False)
    secrets: Callable[[], tuple[str, ...]] = field(repr=False, default=tuple)

    async def look(self) -> Seen:
        """Read the log and compare it with the checkpoint that is kept outside of the database.

        Raises:
            ConfigurationInvalid: the key or the checkpoint cannot be read.
        """
        leaves = await self.log.anchors()
        tree = await asyncio.to_thread(Tree, [anchor.leaf for anchor in leaves])
        anchors = {anchor: index for index, anchor in enumerate(leaves)}
        kept = await asyncio.to_thread(self.place.read)
        if kept is None:
            missing = await self._missing()
            return Seen(anchors, tree, None, missing)
        signer = await asyncio.to_thread(self.signer)
        try:
            last = signed_checkpoint(kept, signer.verifier, self.is_signature)
        except FormatInvalid as error:
            problem = f"{self.place.title}: this checkpoint cannot be used: {error}"
            return Seen(anchors, tree, None, (problem,))
        return Seen(anchors, tree, last, _compared(tree, last))

    async def sign(self) -> tuple[Seen, Note]:
        """Return the log with a signed checkpoint of all of it, kept in both places.

        Raises:
            LogCorrupt: the log does not continue the last signed checkpoint: nothing is signed.
            ConfigurationInvalid: the key or the checkpoint's place cannot be used.
        """
        seen = await self.look()
        if seen.problems:
            raise LogCorrupt("\n".join(seen.problems))
        is_new = seen.last is None or seen.last.size < seen.tree.size
        return seen, await self._signed(seen.tree.frontier(), keep=is_new)

    async def close(self) -> None:
        """Sign what is new. What stands in the way of that is told by whoever verifies next."""
        try:
            size = await self.log.size()
            if size > max(await self.log.signed_sizes(), default=0) and not await self._go_on(size):
                await self.sign()
        except CallboardError:
            return

    async def _go_on(self, size: int) -> bool:
        """Sign what came after the last checkpoint without reading what was before; return whether that was
        possible. What is signed then continues what was signed, whatever the database has become.
        """
        kept = await asyncio.to_thread(self.place.read)
        sizes = await self.log.signed_sizes()
        last = await self.log.signed(sizes[-1]) if sizes else None
        if last is None or last.note != kept or not last.frontier.is_whole:
            return False
        verifier = (await asyncio.to_thread(self.signer)).verifier
        try:
            checkpoint = signed_checkpoint(last.note, verifier, self.is_signature)
        except FormatInvalid:
            return False
        if (checkpoint.size, checkpoint.root) != (last.frontier.size, last.frontier.root()):
            return False
        later = await self.log.anchors(after=checkpoint.size)
        frontier = last.frontier.grown(anchor.leaf for anchor in later)
        if frontier.size < size:
            return False
        await self._signed(frontier, keep=True)
        return True

    async def _signed(self, frontier: Frontier, *, keep: bool) -> Note:
        signer = await asyncio.to_thread(self.signer)
        name, key_id = signer.verifier.name, signer.verifier.key_id
        text = str(Checkpoint(name, frontier.size, frontier.root()))
        note = Note(text, (Signature(name, key_id, signer.sign(text.encode())),))
        if keep:
            await self.log.keep(SignedState(str(note), frontier))
            await asyncio.to_thread(self.place.advance, frontier.size, str(note))
        return note

    async def _missing(self) -> tuple[str, ...]:
        """Return what is wrong where no checkpoint is outside: this key must not have signed one then."""
        sizes = await self.log.signed_sizes()
        if not sizes:
            return ()
        verifier = (await asyncio.to_thread(self.signer)).verifier
        last = await self.log.signed(sizes[-1])
        try:
            signed_checkpoint(last.note if last else "", verifier, self.is_signature)
        except FormatInvalid:
            return ()  # another home signed it, which keeps it
        return (f"{self.place.title}: the last signed checkpoint of the log was removed",)


def _compared(tree: Tree, last: Checkpoint) -> tuple[str, ...]:
    if tree.size < last.size:
        problem = (
            f"the log of this deployment has {tree.size} entries and had {last.size} when it was last signed: the "
            "database was rolled back or replaced"
        )
        return (problem,)
    if tree.root(last.size) != last.root:
        problem = (
            f"the first {last.size} entries of this deployment's log are not those that were signed: the database "
            "was replaced or rewritten"
        )
        return (problem,)
    return ()


def proof_of(proof: Proof | None) -> Proof:
    """Return what a deployment proves its runs with.

    Raises:
        ConfigurationInvalid: this one was put together without.
    """
    if proof is None:
        raise ConfigurationInvalid("this Callboard keeps no log of its runs; use one with a home")
    return proof
