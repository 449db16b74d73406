"""Write everything that proves a run into one file."""

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass

from callboard.domain.errors import LogCorrupt, UserMistake
from callboard.domain.events.child_run import ChildRunStarted
from callboard.domain.events.codec import GENESIS, Recorded, blob_of, chain_hash, unseal
from callboard.domain.org.principal import Principal
from callboard.domain.proof.anchor import Anchor
from callboard.domain.proof.checkpoint import Checkpoint, parse_checkpoint
from callboard.domain.proof.note import FormatInvalid, Note
from callboard.engine.proof.index import Index
from callboard.engine.proof.lines import FORMAT, LARGEST_CONTENT, LineWriter
from callboard.engine.proof.log import encoded, signed_checkpoint
from callboard.engine.proof.packing import packed
from callboard.usecases.app import App, require_log
from callboard.usecases.archive import Logs
from callboard.usecases.proof import Proof, Seen, proof_of

_EARLIER_CHECKPOINTS = 16
_SHORTEST_SECRET = 8


class SecretInLog(UserMistake):
    """A run holds the value of a key: it is not exported."""

    code = "secret_in_log"


@dataclass(frozen=True, slots=True)
class ExportRun:
    """Which run to export, with everything below it; with its recorded files; with the proof that the log
    continues `since`, a signed checkpoint that somebody kept.
    """

    run_id: str
    files: bool = True
    since: str | None = None


async def export_run(app: App, who: Principal, wish: ExportRun) -> AsyncGenerator[bytes]:
    """Yield the lines of an export. What a run that goes on does meanwhile is not in it.

    Raises:
        UnknownThing: no such run.
        LogCorrupt: the run's log, or the deployment's, does not verify.
        SecretInLog: it would hold the value of a known key.
        ConfigurationInvalid: `since` is no checkpoint of this deployment, or the log's key cannot be used.
    """
    await require_log(app, who, "run.read", wish.run_id)
    proof = proof_of(app.proof)
    ends = await ends_of(app, wish.run_id)
    await proof.log.append(ends, app.ports.clock.now())
    async for line in export_lines(app, wish, ends, await proof.sign()):
        yield line


async def export_lines(
    app: App, wish: ExportRun, ends: Sequence[Anchor], signed: tuple[Seen, Note]
) -> AsyncGenerator[bytes]:
    """Yield the lines of an export of runs as they were, all of them in the signed log. For use cases that have asked
    whether somebody may.

    Raises:
        LogCorrupt: what an event refers to is gone.
        SecretInLog: it would hold the value of a known key.
        ConfigurationInvalid: `since` is no checkpoint of this deployment.
    """
    proof = proof_of(app.proof)
    seen, note = signed
    export = _Export(app, proof, await _secrets(app, proof))
    verifier = proof.signer().verifier
    header = {"format": FORMAT, "run": wish.run_id, "files": wish.files, "key": str(verifier)}
    yield export.line("header", header)
    yield export.line("checkpoint", {"note": str(note)})
    for earlier in await _earlier(proof, seen, note, wish.since):
        path = encoded(seen.tree.consistency(earlier.size, seen.tree.size))
        (root,) = encoded([earlier.root])
        yield export.line("consistency", {"size": earlier.size, "root": root, "proof": path})
    for end in ends:
        async for line in export.run(end, seen):
            yield line
    if wish.files:
        async for line in export.files():
            yield line
    yield export.line("index", export.index.fields())
    yield export.line("end", {"lines": export.lines.count + 1})


async def ends_of(app: App, root_id: str) -> list[Anchor]:
    """Return how far a run and everything below it have come, each once, parents first.

    Raises:
        UnknownThing: no such run.
        LogCorrupt: a log does not verify.
    """
    found: dict[str, Anchor] = {}
    logs, waiting = Logs(app.ports.store, app.archive), [root_id]
    await app.ports.store.read(root_id)  # its own log must be here
    while waiting:
        run_id = waiting.pop(0)
        if run_id in found:
            continue
        head, seq = GENESIS, 0
        for seq, sealed in enumerate(await logs.read(run_id), start=1):
            head = chain_hash(head, sealed.body)
            if (sealed.seq, sealed.hash) != (seq, head):
                raise LogCorrupt(
                    f"{run_id}: event {seq} does not follow from the one before it; see `callboard runs verify "
                    f"{root_id}`"
                )
            event = unseal(sealed).event
            if isinstance(event, ChildRunStarted):
                waiting.append(event.child_run_id)
        found[run_id] = Anchor(run_id, seq, head)
    return list(found.values())


async def _secrets(app: App, proof: Proof) -> tuple[bytes, ...]:
    """Return the values that must not leave, as they would be in a text and in JSON."""
    values = list(proof.secrets())
    values += [secret.get_secret_value() for secret in await app.vault.known_secrets()]
    long_enough = {value for value in values if len(value) >= _SHORTEST_SECRET}
    spelt = {json.dumps(value, ensure_ascii=False)[1:-1] for value in long_enough} | long_enough
    return tuple(value.encode() for value in spelt)


async def _earlier(proof: Proof, seen: Seen, note: Note, since: str | None) -> list[Checkpoint]:
    """Return the checkpoints that the export is shown to continue: the last ones, and the one asked for."""
    sizes = [size for size in await proof.log.signed_sizes() if 0 < size < seen.tree.size]
    wanted = set(sizes[-_EARLIER_CHECKPOINTS:])
    if since is not None:
        kept = _of_this_log(proof, since)
        if kept.size > seen.tree.size or seen.tree.root(kept.size) != kept.root:
            raise LogCorrupt(
                "the log of this deployment does not continue the checkpoint of --since"
            )
        wanted |= {kept.size} - {0, seen.tree.size}
    origin = parse_checkpoint(note.text).origin
    return [Checkpoint(origin, size, seen.tree.root(size)) for size in sorted(wanted)]


def _of_this_log(proof: Proof, since: str) -> Checkpoint:
    try:
        return signed_checkpoint(since, proof.signer().verifier, proof.is_signature)
    except FormatInvalid as error:
        raise UserMistake(f"--since: this is no checkpoint of this deployment: {error}") from None


class _Export:
    """An export in the making."""

    def __init__(self, app: App, proof: Proof, secrets: tuple[bytes, ...]) -> None:
        self._proof = proof
        self._secrets = secrets
        self._blobs: set[str] = set()
        self._logs = Logs(app.ports.store, app.archive)
        self.lines = LineWriter()
        self.index = Index()

    def line(self, kind: str, fields: Mapping[str, object]) -> bytes:
        return self.lines.line(kind, fields)

    async def run(self, end: Anchor, seen: Seen) -> AsyncGenerator[bytes]:
        yield self.line("run", {"run": end.run_id})
        for sealed in (await self._logs.read(end.run_id))[: end.seq]:
            recorded = unseal(sealed)
            self._refuse_secrets(sealed.body, f"event {sealed.seq} of run {end.run_id}")
            self.index.add(recorded, sealed.body)
            yield self.line("event", {"hash": sealed.hash, "body": sealed.body.decode()})
            async for line in self._blob(recorded):
                yield line
        index = seen.anchors[end]
        path = encoded(seen.tree.inclusion(index, seen.tree.size))
        yield self.line("anchor", {"index": index, "proof": path})

    async def _blob(self, recorded: Recorded) -> AsyncGenerator[bytes]:
        ref = blob_of(recorded.event)
        if ref is None or ref.sha256 in self._blobs:
            return
        content = (await self._logs.blobs([ref.sha256])).get(ref.sha256)
        if content is None or len(content) != ref.size:
            raise LogCorrupt(f"{recorded.run_id}: what event {recorded.seq} refers to is gone")
        self._refuse_secrets(content, f"event {recorded.seq} of run {recorded.run_id}")
        self._blobs.add(ref.sha256)
        yield self.line("blob", packed(content))

    async def files(self) -> AsyncGenerator[bytes]:
        seen: set[str] = set()
        places: dict[str, list[str]] = {}
        for tree, root in sorted(self.index.trees.items()):
            places.setdefault(root, []).append(tree)
        for root, trees in places.items():
            stored = self._proof.trees.objects(root, trees, largest=LARGEST_CONTENT)
            async for found in stored:
                if found.name in seen:
                    continue
                seen.add(found.name)
                if found.content is None:
                    yield self.line("absent", {"id": found.name, "why": found.why})
                    continue
                self._refuse_secrets(found.content, f"recorded {found.kind} {found.name}")
                yield self.line("object", {"id": found.name, **packed(found.content)})

    def _refuse_secrets(self, content: bytes, where: str) -> None:
        if any(secret in content for secret in self._secrets):
            raise SecretInLog(
                f"{where} holds the value of a key: nothing was exported. Replace the key; to export the run "
                "without its files use --no-files"
            )
