"""What fails while the schema changes, as it fails everywhere else."""

from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def as_drivers_say() -> Generator[None]:
    """Raise what a driver raised in place of what SQLAlchemy makes of it: our errors are made of the former."""
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - takes a while, and only upgrades need it

    try:
        yield
    except DBAPIError as error:
        raise (error.orig or error) from error
