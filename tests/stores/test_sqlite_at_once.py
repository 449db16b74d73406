"""What many runs have to say is stored by one statement, and comes to the same as one batch behind the other."""

import shutil
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from callboard.domain.errors import Fenced
from callboard.domain.events.codec import GENESIS
from callboard.domain.run_row import RunStatus
from callboard.domain.usage import Usage
from callboard.ports.event_store import Batch, Claim
from callboard.stores.relational.jobs import Creation, Release
from callboard.stores.sqlite.appending import append_alone
from callboard.stores.sqlite.connections import PATIENCE_S, SqliteSession, prepare_file
from callboard.stores.sqlite.creating import create_many
from callboard.stores.sqlite.driver import SqliteDriver
from callboard.stores.sqlite.migrate import ensure_current
from callboard.stores.sqlite.releasing import release_many
from callboard.testing.store.samples import SampleLog

TABLES = ("run", "event", "mark", "anchor", "blob")


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """An empty database, to be copied."""
    path = tmp_path_factory.mktemp("at-once") / "empty.db"
    prepare_file(path)
    ensure_current(path, PATIENCE_S)
    return path


@contextmanager
def opened(path: Path) -> Generator[SqliteSession]:
    """Connect as the writer does."""
    session = SqliteDriver(path, PATIENCE_S, durable=False).connect()
    assert isinstance(session, SqliteSession)
    with closing(session):
        yield session


def created(session: SqliteSession, runs: list[str]) -> dict[str, SampleLog]:
    """Create runs, each of one event, in epoch 1."""
    logs = {run_id: SampleLog(run_id) for run_id in runs}
    session.begin()
    create_many(session, [Creation(log.events(), log.row(), (), "us") for log in logs.values()])
    session.commit()
    return logs


def everything(session: SqliteSession) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of all tables that hold logs."""
    return {
        table: session.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
        for table in TABLES
    }


@dataclass(frozen=True)
class Step:
    """One more batch of a run: `late` comes from an epoch that is over."""

    run: str = "a"
    count: int = 1
    status: RunStatus = "running"
    question: str = "Proceed?"
    tokens: int = 3
    late: bool = False


steps = st.builds(
    Step,
    count=st.integers(1, 3),
    status=st.sampled_from(["running", "waiting", "completed"]),
    question=st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    tokens=st.integers(0, 2**63 - 1),
    late=st.sampled_from([False, False, False, True]),
)


def batches_of(logs: dict[str, SampleLog], wanted: list[Step]) -> list[Batch]:
    batches: list[Batch] = []
    for step in wanted:
        batch = logs[step.run].batch(0 if step.late else 1, step.count, status=step.status)
        waiting = step.question if step.status == "waiting" else None
        row = replace(batch.row, waiting_for=waiting, usage=Usage(input_tokens=step.tokens))
        batches.append(replace(batch, row=row))
    return batches


def outcome(empty: Path, wanted: list[list[Step]]) -> tuple[list[str], object]:
    """Store group behind group; return what was refused, and all that is in the database then."""
    with TemporaryDirectory() as place:
        path = Path(place) / "file.db"
        shutil.copy(empty, path)
        with opened(path) as session:
            logs = created(session, ["a", "b", "c", "d"])
            refusals = [
                type(refusal).__name__
                for group in wanted
                for refusal in append_alone(session, batches_of(logs, group))
            ]
            return refusals, everything(session)


@given(
    group=st.lists(st.lists(steps, min_size=1, max_size=2), max_size=4),
    runs=st.permutations("abcd"),
)
@example(group=[[Step(status="waiting", question="zero \0 and more")], [Step()]], runs="abcd")
@example(group=[[Step(tokens=2**63 - 1)], [Step(tokens=2**53 + 1)]], runs="abcd")
@example(group=[[Step()], [Step(late=True)], [Step(status="completed")]], runs="abcd")
@example(group=[[Step(status="waiting"), Step(count=2)], [Step(status="waiting")]], runs="abcd")
def test_a_group_leaves_what_each_of_its_runs_leaves_by_itself(empty, group, runs):
    theirs = [
        [replace(step, run=run) for step in said] for run, said in zip(runs, group, strict=False)
    ]
    assert outcome(empty, [[step for said in theirs for step in said]]) == outcome(empty, theirs)


def test_what_many_runs_have_to_say_is_one_statement(empty, tmp_path):
    shutil.copy(empty, tmp_path / "file.db")
    with opened(tmp_path / "file.db") as session:
        logs = created(session, [f"r{n}" for n in range(100)])
        said: list[str] = []
        session.set_trace_callback(said.append)
        assert append_alone(session, [log.batch(1, 3) for log in logs.values()]) == [None] * 100
        # What the trigger does is told as well, under the words of the statement that it belongs to.
        assert {text.split("(")[0] for text in said} == {"INSERT INTO given "}


def test_one_run_that_was_taken_over_holds_up_none_of_the_others(empty, tmp_path):
    shutil.copy(empty, tmp_path / "file.db")
    with opened(tmp_path / "file.db") as session:
        logs = created(session, ["a", "b", "c"])
        group = [logs["a"].batch(1), logs["b"].batch(0), logs["c"].batch(1)]
        assert [type(one) for one in append_alone(session, group)] == [
            type(None),
            Fenced,
            type(None),
        ]
        heads = session.execute("SELECT run_id, head FROM run ORDER BY run_id").fetchall()
        assert heads == [("a", 2), ("b", 1), ("c", 2)]


def test_a_claim_is_given_back_by_whom_and_in_the_epoch_that_it_is_of(empty, tmp_path):
    shutil.copy(empty, tmp_path / "file.db")
    with opened(tmp_path / "file.db") as session:
        created(session, ["a", "b", "c"])
        given_back = [("a", 1, "us"), ("b", 1, "somebody else"), ("c", 2, "us")]
        release_many(
            session, [Release(Claim(run, epoch, 1, GENESIS), who) for run, epoch, who in given_back]
        )
        owners = session.execute("SELECT run_id, owner FROM run ORDER BY run_id").fetchall()
        assert owners == [("a", None), ("b", "us"), ("c", "us")]
