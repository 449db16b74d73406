"""What git complains of, as errors of ours."""

from collections.abc import Generator
from contextlib import contextmanager

from callboard.domain.errors import ConfigurationInvalid
from callboard.sandbox.disk import writing
from callboard.sandbox.git.process import GitFailed


@contextmanager
def failing_as(what: str) -> Generator[None]:
    """Say that something cannot be done, and why. `what` names it and its place: "… cannot be copied".

    Raises:
        ConfigurationInvalid: a repository or a directory is not as it has to be.
        StoreUnavailable: the disk is full, or does not work; later it may.
    """
    try:
        with writing(what):
            yield
    except GitFailed as problem:
        raise ConfigurationInvalid(f"{what}: {problem}") from problem
