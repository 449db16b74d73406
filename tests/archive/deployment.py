"""A deployment with an archive: the real engine, a real database and real files, and models that follow a script."""

from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, datetime, timezone

from callboard.domain.actor import Actor
from callboard.domain.errors import RunArchived
from callboard.domain.org.principal import Principal, as_owner
from callboard.ports.file_trees import StoredObject
from callboard.proofs.ed25519 import Ed25519Signer, is_signature
from callboard.proofs.files import CheckpointFile
from callboard.stores.archive.folder import DirectoryArchive
from callboard.stores.sqlite.store import SqliteEventStore
from callboard.testing.clock import PatientClock
from callboard.testing.model import Script, ScriptedCall, ScriptedProvider, Turn
from callboard.testing.rig import rig
from callboard.usecases.archive import Archive
from callboard.usecases.archive_look import archived_run
from callboard.usecases.archive_put import PutAway, put_away
from callboard.usecases.proof import Proof
from callboard.usecases.runs import stored_events
from tests.usecases.team import Team, new_team

ROOT = as_owner(Actor(kind="person", name="root"))
STRANGER = Principal(Actor(kind="person", name="zoe"), "member")
LONG = "what the tool said, at length " * 1_000
"""More than an event holds: it goes into a blob."""
WRITES = Script(
    turns=(
        Turn(calls=(ScriptedCall(tool="put", arguments={"path": "a.py", "text": LONG}),)),
        Turn(text="Done with the Ümlaut."),
    )
)
SEED = b"7" * 32
"""What the key is made of that signs the log of a deployment."""
JANUARY = "2026-01.zip"
MUCH_LATER = date(2026, 3, 1)


class NoFiles:
    """`callboard.ports.file_trees.FileTrees` of a machine that has none of them any more."""

    async def objects(self, root, trees, *, largest):
        del root, largest
        for tree in trees:
            yield StoredObject("tree", tree, None, "not on this machine")


class Deployment:
    """An app over a database and a folder."""

    def __init__(self, team, store, home):
        self.team, self.store, self.home = team, store, home
        proof = Proof(
            store.anchors,
            CheckpointFile(home / "checkpoint"),
            NoFiles(),
            lambda: Ed25519Signer(SEED),
            is_signature,
        )
        self.folder = DirectoryArchive(home / "archive")
        self.app = replace(team.app, proof=proof, archive=Archive(store.shelf, self.folder))

    def over(self, shelf=None, folder=None):
        """Return an app whose shelf or folder is another one."""
        archive = Archive(shelf or self.store.shelf, folder or self.folder)
        return replace(self.app, archive=archive)

    async def worked(self, title="Add login"):
        """Let a task be done; return the id of its run, below which an agent's lies."""
        run_id = await self.waiting(title)
        await self.team.decide("mia", run_id)
        await self.team.work()
        return run_id

    async def waiting(self, title="Add login"):
        """Let a task wait for its sign-off; return the id of its run."""
        task = await self.team.waiting(title)
        return f"{task.key}-1"

    async def put(self, app=None, before=MUCH_LATER, **how):
        """Put everything away that ended before a day."""
        how = {"files": False} | how
        return await put_away(app or self.app, ROOT, PutAway(before, **how))

    async def logs(self, *run_ids):
        """Return the events of runs as they are stored."""
        return {run_id: await stored_events(self.app, ROOT, run_id) for run_id in run_ids}

    def later(self, days=70):
        """Let time pass, so that what ended is old."""
        self.team.clock.advance(days * 86_400)


@asynccontextmanager
async def opened(home):
    """Open what another process left, months later."""
    store = await SqliteEventStore.open(home / "callboard.db", durable=False)
    clock = PatientClock(datetime(2026, 4, 1, tzinfo=timezone.utc))
    app = rig(ScriptedProvider({}), clock=clock, store=store, records=store.records)
    try:
        yield Deployment(Team(app, clock), store, home)
    finally:
        await store.close()


@asynccontextmanager
async def deployed(home):
    """Open a deployment in a directory."""
    store = await SqliteEventStore.open(home / "callboard.db", durable=False)
    try:
        yield Deployment(await new_team(WRITES, store=store, records=store.records), store, home)
    finally:
        await store.close()


async def told(there, run_id):
    """Return the events of a run, wherever they are."""
    try:
        return (await there.logs(run_id))[run_id]
    except RunArchived:
        return (await archived_run(there.app, ROOT, run_id))[0].sealed
