"""Parameters by place stand where those by name stood."""

import pytest
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler

from callboard.stores.relational.statements import DIALECTS, statements
from callboard.stores.sqlite.connections import connect, prepare_file
from callboard.stores.sqlite.places import placed

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
