"""What databases spell differently, as SQLAlchemy constructs of our own."""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Boolean,
    ColumnElement,
    Text,
    bindparam,
    cast,
    column,
    literal_column,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import ScalarSelect, TableValuedAlias

BEYOND: Final = literal_column("9223372036854775807", BigInteger)
"""Behind every position, and more rows than there are."""

upsert: Final = postgresql.insert
"""An insertion that knows what to do about a conflict: both databases say it in the same words."""


def flag(name: str) -> BindParameter[bool]:
    """Return a parameter that is true or false."""
    return bindparam(name, type_=Boolean)


def listed(name: str) -> ScalarSelect[str]:
    """Return the members of a JSON array parameter, so that a list is one bound value."""
    items = _Members(bindparam(name, type_=Text)).table_valued("value")
    return select(items.c.value).scalar_subquery()


def listed_numbers(name: str) -> ScalarSelect[int]:
    """Return the members of a JSON array of numbers."""
    items = _Members(bindparam(name, type_=Text)).table_valued("value")
    return select(cast(items.c.value, BigInteger)).scalar_subquery()


def members(name: str) -> TableValuedAlias:
    """Return the members of a JSON array parameter as rows with one column, `value`."""
    return _Members(bindparam(name, type_=Text)).table_valued(column("value", Text))


def says(body: ColumnElement[bytes], name: str) -> ColumnElement[bool]:
    """Return whether a body, in small letters, contains the text in a parameter."""
    return _Says(body, bindparam(name, type_=Text))


def holds(body: ColumnElement[bytes], name: str) -> ColumnElement[bool]:
    """Return whether a body contains exactly the text in a parameter."""
    return _Holds(body, bindparam(name, type_=Text))


class _Members(FunctionElement[Any]):
    name = "members"
    inherit_cache = True


class _Says(FunctionElement[bool]):
    name = "says"
    type = Boolean()
    inherit_cache = True


class _Holds(FunctionElement[bool]):
    name = "holds"
    type = Boolean()
    inherit_cache = True


@compiles(_Members, "sqlite")
def _members_sqlite(element: _Members, compiler: SQLCompiler, **more: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **more)})"


@compiles(_Members, "postgresql")
def _members_postgres(element: _Members, compiler: SQLCompiler, **more: Any) -> str:
    return f"jsonb_array_elements_text(CAST({compiler.process(element.clauses, **more)} AS JSONB))"


@compiles(_Says, "sqlite")
def _says_sqlite(element: _Says, compiler: SQLCompiler, **more: Any) -> str:
    body, text = (compiler.process(clause, **more) for clause in element.clauses)
    return f"(instr(lower(CAST({body} AS TEXT)), {text}) > 0)"


@compiles(_Says, "postgresql")
def _says_postgres(element: _Says, compiler: SQLCompiler, **more: Any) -> str:
    # As escaped bytes on both sides: a body that somebody edited by hand need not be text.
    body, text = (compiler.process(clause, **more) for clause in element.clauses)
    sought = f"encode(convert_to({text}, 'UTF8'), 'escape')"
    return f"(strpos(lower(encode({body}, 'escape')), {sought}) > 0)"


@compiles(_Holds, "sqlite")
def _holds_sqlite(element: _Holds, compiler: SQLCompiler, **more: Any) -> str:
    body, text = (compiler.process(clause, **more) for clause in element.clauses)
    return f"(instr({body}, CAST({text} AS BLOB)) > 0)"


@compiles(_Holds, "postgresql")
def _holds_postgres(element: _Holds, compiler: SQLCompiler, **more: Any) -> str:
    body, text = (compiler.process(clause, **more) for clause in element.clauses)
    return f"(position(convert_to({text}, 'UTF8') IN {body}) > 0)"
