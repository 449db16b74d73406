"""Columns of values as PostgreSQL's binary arrays.

psycopg asks every value of a list by itself how it is written: with the forty values that an effect brings along, that
was two thirds of what the writer did.
"""

import struct
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any, ClassVar, Final

from psycopg import Connection
from psycopg.abc import AdaptContext
from psycopg.adapt import Dumper
from psycopg.pq import Format

_HEAD: Final = struct.Struct("!iiIii").pack
_LENGTH: Final = struct.Struct("!i").pack
_NULL: Final = _LENGTH(-1)


def storable(text: str) -> str:
    """Return a text as it may be stored: PostgreSQL has no place for the character zero, which no name or title needs."""
    return text.replace("\x00", "\ufffd")


@dataclass(frozen=True, slots=True)
class Column(ABC):
    """The values of one column. `type_name` is what PostgreSQL calls their type, the numbers are those of its `pg_type`."""

    type_name: ClassVar[str]
    type_oid: ClassVar[int]
    array_oid: ClassVar[int]

    values: Sequence[Any]

    @abstractmethod
    def packed(self) -> bytes:
        """Return the array.

        Raises:
            OverflowError: a number does not fit.
            UnicodeEncodeError: a text is none.
        """

    def _head(self, *, has_null: bool = False) -> bytes:
        """Return what an array of one dimension begins with; its first element is number 1."""
        return _HEAD(1, has_null, self.type_oid, len(self.values), 1)


class Bytes(Column):
    """Bytes; a None is NULL."""

    type_name, type_oid, array_oid = "bytea", 17, 1001

    def packed(self) -> bytes:
        """See `Column`."""
        return self._joined(self.values)

    def _joined(self, values: Sequence[bytes | None]) -> bytes:
        pieces = [self._head(has_null=None in values)]
        for value in values:
            if value is None:
                pieces.append(_NULL)
            else:
                pieces.append(_LENGTH(len(value)))
                pieces.append(value)
        return b"".join(pieces)


class Texts(Bytes):
    """Texts; a None is NULL."""

    type_name, type_oid, array_oid = "text", 25, 1009

    def packed(self) -> bytes:
        """See `Column`."""
        return self._joined([it if it is None else storable(it).encode() for it in self.values])


class Ints(Column):
    """Whole numbers of four bytes. `code` is the name that `struct` has for one."""

    type_name, type_oid, array_oid = "int", 23, 1007
    code: ClassVar = "i"

    def packed(self) -> bytes:
        """See `Column`."""
        count, size = len(self.values), struct.calcsize(f"!{self.code}")
        each = chain.from_iterable(zip(repeat(size, count), self.values, strict=True))
        try:
            return self._head() + struct.pack("!" + f"i{self.code}" * count, *each)
        except struct.error as error:
            raise OverflowError(f"no {self.type_name}: {error}") from error


class Bigints(Ints):
    """Whole numbers of eight bytes."""

    type_name, type_oid, array_oid = "bigint", 20, 1016
    code = "q"


class Booleans(Ints):
    """True or false."""

    type_name, type_oid, array_oid = "boolean", 16, 1000
    code = "?"


def register(connection: "Connection[Any]") -> None:
    """Let columns be parameters of what a connection executes."""
    for kind in (Bytes, Texts, Ints, Bigints, Booleans):
        connection.adapters.register_dumper(kind, _ColumnDumper)


class _ColumnDumper(Dumper):
    format = Format.BINARY

    def __init__(self, cls: type[Column], context: AdaptContext | None = None) -> None:
        super().__init__(cls, context)
        self.oid = cls.array_oid

    def dump(self, obj: Column) -> bytes:
        return obj.packed()
