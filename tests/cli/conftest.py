import shutil

import pytest

from tests.cli.shell import CANARY, Model, Shell


@pytest.fixture
def model():
    with Model() as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def new_database(tmp_path_factory):
    """An empty database as the command makes it: making one takes as long as a whole run."""
    place = tmp_path_factory.mktemp("new")
    assert Shell(place / "home", place)("runs", "list").code == 0
    return place / "home" / "callboard.db"


@pytest.fixture
def bare(tmp_path, new_database):
    """A shell without any key or model."""
    workspace, home = tmp_path / "work", tmp_path / "home"
    workspace.mkdir()
    home.mkdir(mode=0o700)
    shutil.copy(new_database, home)
    shell = Shell(home, workspace)
    yield shell
    shell.end_all()


@pytest.fixture
def shell(bare, model):
    """A shell whose OpenRouter is the loopback model."""
    bare.env = {"OPENROUTER_BASE_URL": f"{model.url}/api/v1", "OPENROUTER_API_KEY": CANARY}
    return bare
