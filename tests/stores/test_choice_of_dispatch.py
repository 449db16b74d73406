"""Which way work is handed out, as the environment says."""

import sys

import pytest

from callboard.bootstrap.dispatch import open_dispatcher, prepare_dispatch
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.submission import Submission
from callboard.runtime.system import SystemClock
from callboard.settings import read_settings
from callboard.stores.dispatch.embedded import EmbeddedDispatcher
from callboard.testing.dispatch import Advances

pytestmark = pytest.mark.anyio
SERVER = "postgresql://nobody@127.0.0.1:1/nothing"


def settings(tmp_path, **env):
    return read_settings({"CALLBOARD_HOME": str(tmp_path), **env})


def opened(tmp_path, **env):
    return open_dispatcher(settings(tmp_path, **env), SystemClock())


def test_a_file_is_worked_on_inside_each_process(tmp_path):
    assert isinstance(opened(tmp_path), EmbeddedDispatcher)
    assert isinstance(opened(tmp_path, CALLBOARD_DISPATCHER="embedded"), EmbeddedDispatcher)
    with pytest.raises(ConfigurationInvalid, match="CALLBOARD_DATABASE_URL"):
        opened(tmp_path, CALLBOARD_DISPATCHER="dbos")


def test_a_server_can_be_worked_on_inside_each_process_too(tmp_path):
    env = {"CALLBOARD_DATABASE_URL": SERVER, "CALLBOARD_DISPATCHER": "embedded"}
    assert isinstance(opened(tmp_path, **env), EmbeddedDispatcher)


def test_a_way_that_there_is_not_is_refused(tmp_path):
    with pytest.raises(ConfigurationInvalid, match="embedded, procrastinate, dbos"):
        settings(tmp_path, CALLBOARD_DISPATCHER="pigeon")


def test_an_extra_that_is_missing_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "dbos", None)
    with pytest.raises(ConfigurationInvalid, match=r"callboard\[dbos\]"):
        opened(tmp_path, CALLBOARD_DATABASE_URL=SERVER, CALLBOARD_DISPATCHER="dbos")


@pytest.mark.parametrize("dispatcher", ["", "procrastinate", "dbos"])
async def test_on_a_server_work_goes_from_process_to_process(tmp_path, postgres_url, dispatcher):
    if dispatcher == "dbos":
        pytest.importorskip("dbos")
    env = {"CALLBOARD_DATABASE_URL": postgres_url, "CALLBOARD_DISPATCHER": dispatcher}
    await prepare_dispatch(settings(tmp_path, **env))
    here, there = opened(tmp_path, **env), opened(tmp_path, **env)
    advances = Advances(free=True)
    await here.start(advances, advances.look, 1)
    await there.submit(Submission("a"))
    await there.knock()
    await advances.until(lambda: advances.calls == ["a"] and advances.looks > 0)
    await here.stop(20)
    await there.close()
    await here.close()


async def test_what_was_never_used_is_closed_without_a_database(tmp_path):
    dispatcher = opened(tmp_path, CALLBOARD_DATABASE_URL=SERVER)
    await dispatcher.stop(0)
    await dispatcher.close()
