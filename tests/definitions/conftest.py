import pytest

from callboard.definitions.findings import Findings

from .desk import Desk


@pytest.fixture
def desk(tmp_path):
    folder = tmp_path / "agents"
    folder.mkdir()
    return Desk(folder)


@pytest.fixture
def findings():
    return Findings("file")
