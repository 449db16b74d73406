"""The tables on PostgreSQL: made once, upgraded in pairs, and told apart from those of other versions."""

import asyncio
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg.sql import SQL
from sqlalchemy import create_engine

from callboard.domain.errors import ConfigurationInvalid
from callboard.stores.postgres.appending import MOVING
from callboard.stores.postgres.connections import connect
from callboard.stores.postgres.migrate import Upgrade, standing
from callboard.stores.postgres.partitions import ensure_partitions
from callboard.stores.postgres.place import PostgresPlace
from callboard.stores.postgres.schema import PostgresSchema
from callboard.stores.postgres.store import PostgresEventStore
from callboard.stores.relational.rows import columns_of
from callboard.stores.revisions import CURRENT, MIGRATIONS
from callboard.stores.tables import metadata
from callboard.testing.store.samples import SampleLog, broken_at

pytestmark = pytest.mark.anyio
LATER = (MIGRATIONS / "versions", Path(__file__).with_name("later_versions"))
PATIENCE_S = 30.0


def later(url):
    """Return what a later Callboard upgrades with."""
    return Upgrade(PostgresPlace.of(url), PATIENCE_S, LATER)


def opened(url):
    return connect(PostgresPlace.of(url), patience_s=PATIENCE_S)


def test_the_appended_columns_are_those_of_a_projection():
    assert set(MOVING) == set(columns_of(SampleLog("r1").row())) - {"run_id"}


async def test_the_first_processes_make_the_tables_whichever_is_faster(postgres_url, tmp_path):
    stores = await asyncio.gather(
        *(PostgresEventStore.open(postgres_url, tmp_path / f"home{number}") for number in range(4))
    )
    await SampleLog("r1").created_in(stores[0])
    assert [len(await store.read("r1")) for store in stores] == [1, 1, 1, 1]
    await asyncio.gather(*(store.close() for store in stores))


def test_migrations_lead_to_the_tables(postgres_database):
    def ours(name, kind, *_):
        return not (kind == "table" and (name or "").startswith(("event", "mark")))

    url = postgres_database.replace("postgresql:", "postgresql+psycopg:")
    engine = create_engine(f"{url}?options=-c%20search_path%3Dcallboard")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": ours})
        found = [
            difference
            for difference in compare_metadata(context, metadata)
            if not (difference[0] == "add_table" and difference[1].name in {"event", "mark"})
        ]
        assert found == []
    engine.dispose()


async def test_code_of_before_works_on_tables_that_only_have_more(postgres_database, tmp_path):
    before = await PostgresEventStore.open(postgres_database, tmp_path / "home")
    log = SampleLog("r1")
    claim = await log.created_in(before)
    session = opened(postgres_database)
    applied, waiting = await asyncio.to_thread(later(postgres_database).run, session)
    assert (list(applied), list(waiting)) == (["9001"], ["9002"])
    await before.append(log.batch(claim.epoch, 2, status="waiting"))
    row = await before.row("r1")
    assert row is not None
    assert row.status == "waiting"
    another = await PostgresEventStore.open(postgres_database, tmp_path / "another")
    await SampleLog("r2").created_in(another)
    assert broken_at(await another.read("r1"), await another.head("r1")) is None
    assert (await PostgresSchema(postgres_database, PATIENCE_S).standing()).problem is None
    await another.close()
    await before.close()
    session.close()


async def test_nothing_is_taken_away_while_code_of_before_is_at_work(postgres_database, tmp_path):
    before = await PostgresEventStore.open(postgres_database, tmp_path / "home")
    upgrade, session = later(postgres_database), opened(postgres_database)
    assert [*map(list, upgrade.run(session))] == [["9001"], ["9002"]]
    assert [*map(list, upgrade.run(session))] == [[], ["9002"]]
    await before.close()
    assert [*map(list, upgrade.run(session))] == [["9002"], []]
    session.close()


async def test_tables_of_a_newer_callboard_are_refused_with_the_way_out(
    postgres_database, tmp_path
):
    session = opened(postgres_database)
    later(postgres_database).run(session)
    session.close()
    with pytest.raises(ConfigurationInvalid, match=r"newer Callboard.*upgrade this one"):
        await PostgresEventStore.open(postgres_database, tmp_path / "home")
    schema = PostgresSchema(postgres_database, PATIENCE_S)
    assert "newer" in ((await schema.standing()).problem or "")
    with pytest.raises(ConfigurationInvalid, match="newer"):
        await schema.upgrade()


async def test_tables_of_an_older_callboard_are_refused_until_they_are_upgraded(
    postgres_database, tmp_path
):
    session = opened(postgres_database)
    session.execute("UPDATE alembic_version SET version_num = '0010'")
    with pytest.raises(ConfigurationInvalid, match=r"older Callboard.*callboard db upgrade"):
        await PostgresEventStore.open(postgres_database, tmp_path / "home")
    session.execute(f"UPDATE alembic_version SET version_num = '{CURRENT}'")
    session.close()


async def test_an_upgrade_that_is_cut_off_leaves_the_tables_as_they_were(
    postgres_database, tmp_path
):
    broken = tmp_path / "versions"
    broken.mkdir()
    (broken / "r9001_half.py").write_text(
        "from alembic import op\n"
        f"revision, down_revision = '9001', '{CURRENT}'\n"
        "branch_labels = depends_on = None\n"
        "def upgrade():\n"
        "    op.execute('DROP TABLE blob')\n"
        "    op.execute('SELECT 1 / 0')\n"
    )
    session = opened(postgres_database)
    half = Upgrade(
        PostgresPlace.of(postgres_database), PATIENCE_S, (MIGRATIONS / "versions", broken)
    )
    with pytest.raises(Exception, match="division by zero"):
        half.run(session)
    assert standing(session).revision == CURRENT
    assert session.execute("SELECT count(*) FROM blob").fetchone() == (0,)
    session.close()


async def test_an_empty_database_is_looked_at_and_not_touched(postgres_url):
    found = await PostgresSchema(postgres_url, PATIENCE_S).standing()
    assert found.revision is None
    assert "callboard db upgrade" in (found.problem or "")
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("SELECT to_regclass('callboard.run')").fetchone() == (None,)


def test_events_have_a_table_for_this_month_and_the_next_ones(postgres_database):
    session = opened(postgres_database)
    statement = "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r' ORDER BY 1"
    names = [name for (name,) in session.execute(statement)]
    assert len(names) == 5
    session.execute(f"DROP TABLE {names[2]}")
    ensure_partitions(session)
    assert [name for (name,) in session.execute(statement)] == names
    session.close()


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM audit", "UPDATE audit SET actor = 'person:eve'", "TRUNCATE audit CASCADE"],
)
def test_the_database_itself_refuses_to_change_the_audit_log(postgres_database, statement):
    with (
        psycopg.connect(postgres_database, options="-c search_path=callboard") as connection,
        pytest.raises(psycopg.errors.RaiseException, match="append-only"),
    ):
        connection.execute(SQL(statement))
