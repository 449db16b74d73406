"""A statement in the making."""

from dataclasses import dataclass

from sqlalchemy import Table
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.elements import ClauseElement

from callboard.stores.relational.spelling import upsert


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement, and the columns that it sets where it names none itself."""

    clause: ClauseElement
    names: list[str] | None = None

    def text(self, dialect: Dialect) -> str:
        """Return it as a database wants it, on one line."""
        compiled = self.clause.compile(dialect=dialect, column_keys=self.names)
        return " ".join(str(compiled).split())


Statements = dict[str, Statement]


def insert(table: Table, *, ignore: bool = False) -> Statement:
    """Return an insertion of rows whose position the database chooses; `ignore` those that are there already."""
    names = [column.name for column in table.c if column.name != "position"]
    statement = upsert(table)
    return Statement(statement.on_conflict_do_nothing() if ignore else statement, names)
