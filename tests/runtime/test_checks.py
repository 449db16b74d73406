from dataclasses import dataclass

import pytest

from callboard.domain.errors import CallboardError, SandboxUnavailable, StoreUnavailable
from callboard.domain.evidence import CommandCheck
from callboard.runtime.checks import made_check
from callboard.testing.world import World, WorldWorkspace

pytestmark = pytest.mark.anyio
CHECK = CommandCheck(command="make test")


@dataclass(frozen=True)
class Refusing(WorldWorkspace):
    """No command can be run."""

    why: CallboardError

    async def run(self, request):
        raise self.why


def refusing(why):
    return Refusing(World(), "/work", why)


async def test_where_commands_cannot_be_confined_a_check_fails_and_says_why():
    made = await made_check(CHECK, refusing(SandboxUnavailable("no confinement")), None)
    assert not made.passed
    assert "no confinement" in made.output


async def test_a_full_disk_says_nothing_of_what_is_to_be_checked():
    with pytest.raises(StoreUnavailable):
        await made_check(CHECK, refusing(StoreUnavailable("the disk is full")), None)
