"""Parameters by place stand where those by name stood."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler

from callboard.stores.relational.rows import STANDING, columns_of
from callboard.stores.relational.statements import DIALECTS, statements
from callboard.stores.sqlite.at_once import MOVING
from callboard.stores.sqlite.connections import connect, prepare_file
from callboard.stores.sqlite.places import placed, together
from callboard.testing.store.samples import SampleLog

STATEMENTS = statements()


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_statement_has_the_same_parameters_by_place_as_by_name(name):
    statement = STATEMENTS[name]
    known = placed(statement.text(DIALECTS["sqlite"]))
    by_place = statement.clause.compile(
        dialect=sqlite.dialect(paramstyle="qmark"), column_keys=statement.names
    )
    assert isinstance(by_place, SQLCompiler)
    assert known.text == " ".join(str(by_place).split())
    assert known.in_order({each: each for each in by_place.params}) == tuple(
        by_place.positiontup or ()
    )


def test_a_connection_takes_named_values_whatever_their_order(tmp_path):
    prepare_file(tmp_path / "file.db")
    connection = connect(tmp_path / "file.db")
    connection.execute("CREATE TABLE pair (one, two)")
    rows = [{"two": 2, "one": 1, "three": 3}, {"one": "a", "two": "b"}]
    connection.executemany("INSERT INTO pair (one, two) VALUES (:one, :two)", rows)
    (second,) = connection.execute("SELECT two FROM pair WHERE one = :one", {"one": 1}).fetchone()
    assert second == 2
    assert connection.execute("SELECT one, two FROM pair").fetchall() == [(1, 2), ("a", "b")]
    connection.close()


@given(st.lists(st.tuples(st.integers(), st.integers()), max_size=200))
def test_many_rows_are_written_in_their_order_whatever_their_number(rows):
    text = "INSERT INTO pair (one, two) VALUES (?, ?) ON CONFLICT DO NOTHING"
    statements = list(together(text, rows))
    assert [value for _, values in statements for value in values] == [
        value for row in rows for value in row
    ]
    assert all(text.count("(?, ?)") * 2 == len(values) for text, values in statements)


def test_many_rows_arrive_as_single_ones_do(tmp_path):
    prepare_file(tmp_path / "file.db")
    connection = connect(tmp_path / "file.db")
    connection.execute("CREATE TABLE pair (place INTEGER PRIMARY KEY, one, two)")
    rows = [{"one": n, "two": str(n)} for n in range(150)]
    connection.executemany("INSERT INTO pair (one, two) VALUES (:one, :two)", rows)
    found = connection.execute("SELECT place, one, two FROM pair ORDER BY place").fetchall()
    assert found == [(n + 1, n, str(n)) for n in range(150)]
    connection.executemany("UPDATE pair SET two = :two WHERE one = :one", [{"two": "", "one": 7}])
    assert connection.execute("SELECT one FROM pair WHERE two = ''").fetchall() == [(7,)]
    connection.close()


def test_what_moves_with_an_append_and_how_a_run_stands_are_all_of_its_projection():
    projected = set(columns_of(SampleLog("r1").row())) - {"run_id"}
    assert {*MOVING, *STANDING} == projected | {"head", "head_hash"}


def test_a_mark_is_written_by_place_as_it_is_by_name():
    known = placed(STATEMENTS["MARK"].text(DIALECTS["sqlite"]))
    names = ("root_id", "position", "run_id", "facets", "took_ms", "nano_usd", "at")
    assert known.in_order({name: name for name in names}) == names
