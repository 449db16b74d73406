"""Real processes are killed with -9 at every moment of the change of the deployment key."""

import base64
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from callboard.bootstrap import Sources, build_app
from callboard.domain.actor import Actor
from callboard.domain.org.principal import as_owner
from callboard.settings import read_settings
from callboard.testing.vault import AGENT, ANN, GRANT
from callboard.usecases.credentials import rekey_credentials
from callboard.vault.envelope import key_id, sealed_with

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]

KILLED = Path(__file__).with_name("killed_rekey.py")
ROOT = as_owner(Actor(kind="person", name="root"))
VALUES = ["sk-canary-of-everybody", "sk-canary-of-an-agent"]


@asynccontextmanager
async def opened(home):
    told = {"CALLBOARD_HOME": str(home), "CALLBOARD_KEYRING": "off"}
    app = await build_app(read_settings(told), Sources())
    try:
        yield app
    finally:
        await app.close()


def key_of(home):
    return base64.b64decode((home / "vault.key").read_bytes())


async def values(app):
    stored = sorted(await app.vault.list(), key=lambda one: str(one.scope))
    return {(await app.vault.secret_for(each)).get_secret_value() for each in stored}


def killed_at_every_moment(home, copies):
    """Return what each process was about to do, and how it ended."""
    done = subprocess.run(
        [sys.executable, KILLED, home, copies],
        capture_output=True,
        text=True,
        timeout=280,
        check=True,
    )
    return [line.split() for line in done.stdout.splitlines()]


async def rows_of(vault: Any):
    """Return what is in the table behind a vault."""
    return await vault._table.all()


async def test_whenever_a_process_dies_that_changes_the_key_every_value_opens_and_the_change_can_be_made(
    tmp_path,
):
    home, copies = tmp_path / "home", tmp_path / "copies"
    home.mkdir(mode=0o700)
    copies.mkdir()
    async with opened(home) as app:
        await app.vault.set(GRANT, SecretStr(VALUES[0]), ANN)
        await app.vault.set(
            type(GRANT)(GRANT.name, AGENT, GRANT.provider), SecretStr(VALUES[1]), ANN
        )
    old = key_of(home)
    ends = killed_at_every_moment(home, copies)
    assert {"fsync", "rename", "execute", "write"} <= {name for name, _ in ends}
    kept = []
    for number, (name, code) in enumerate(ends):
        place = copies / str(number)
        assert int(code) == -9, (number, name)
        async with opened(place) as app:
            assert await values(app) == set(VALUES), (number, name)
            rows = await rows_of(app.vault)
            assert len({sealed_with(each) for each in rows}) == 1, (number, name)
            kept.append(sealed_with(rows[0]) == key_id(old))
            assert (await rekey_credentials(app, ROOT)).key_id == key_id(key_of(place))
            assert await values(app) == set(VALUES), (number, name)
            assert {sealed_with(each) for each in await rows_of(app.vault)} == {
                key_id(key_of(place))
            }
        left = {one.name for one in place.glob("*vault.key*")} | {
            one.name for one in place.glob(".*vault.key*")
        }
        assert left == {"vault.key", "vault.key.lock"}, (number, name)
        assert {one.stat().st_mode & 0o077 for one in place.glob("*vault.key*")} == {0}
    # the old key up to one moment, the new one from there on
    assert kept == sorted(kept, reverse=True)
    assert {True, False} == set(kept)
