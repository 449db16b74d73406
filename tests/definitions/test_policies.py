from pathlib import Path

import pytest

from callboard.definitions.policies import FilePolicies

pytestmark = pytest.mark.anyio

RULES = "rules: [{effect: deny, tool: write_file}]\n"


@pytest.fixture
def place(tmp_path):
    (tmp_path / "here" / ".agents").mkdir(parents=True)
    (tmp_path / "here" / ".agents" / "policy.yaml").write_text(RULES)
    return tmp_path / "here"


async def test_rules_of_a_workspace_are_the_same_on_every_machine_that_has_its_files(
    place, tmp_path
):
    async def where(workspace):
        assert workspace == "/elsewhere/SHOP-1-1"
        return str(place)

    (layer,) = await FilePolicies(tmp_path, where=where).layers("/elsewhere/SHOP-1-1")
    (own,) = await FilePolicies(tmp_path).layers(str(place))
    assert layer.name == "/elsewhere/SHOP-1-1/.agents/policy.yaml"
    assert own.name == str(place / ".agents" / "policy.yaml")
    assert layer.rules == own.rules


async def test_folders_that_are_named_are_on_every_machine(place, tmp_path):
    async def where(workspace):
        raise AssertionError(workspace)

    policies = FilePolicies(tmp_path, (place / ".agents",), where)
    (layer,) = await policies.layers("/elsewhere/SHOP-1-1")
    assert Path(layer.name).parent == place / ".agents"
