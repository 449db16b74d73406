"""What every part of a store works through."""

from dataclasses import dataclass

from callboard.stores.relational.readers import Readers
from callboard.stores.relational.wording import Wording
from callboard.stores.relational.writer import Writer


@dataclass(frozen=True, slots=True)
class Access:
    """The one writer of this process, its readers, and the statements as the database wants them."""

    sql: Wording
    writer: Writer
    readers: Readers
