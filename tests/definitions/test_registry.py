import json

import pytest

from callboard.definitions.registry import TEMPLATES, FolderRegistry
from callboard.domain.errors import DefinitionInvalid

from .desk import TOOLS, agent


@pytest.fixture
def folders(tmp_path):
    made = [tmp_path / name for name in ("project", "team", "user")]
    for folder in made:
        folder.mkdir()
    return made


def put(folder, **fields):
    (folder / f"{fields['id']}.json").write_text(json.dumps(agent(**fields)))


def name_of(definition):
    return None if definition is None else definition.display_name


def opened(folders):
    project, team, user = folders
    return FolderRegistry.open([project, team], TOOLS, user_folder=user)


def test_the_projects_own_come_first_then_the_users_then_the_shipped(folders):
    for folder in folders:
        put(folder, id="both", displayName=folder.name)
    put(folders[2], id="implementer", displayName="Mine")
    registry = opened(folders)
    assert name_of(registry.get("both")) == "project"
    assert name_of(registry.get("implementer")) == "Mine"
    assert name_of(registry.get("code-reviewer")) == "Code Reviewer"
    assert registry.get("nobody") is None


def test_all_agents_are_listed_once_sorted_by_id(folders):
    for folder in folders:
        put(folder, id="zed")
        put(folder, id="abe")
    ids = [definition.id for definition in opened(folders).all()]
    assert ids == [
        "abe",
        *(path.stem for path in sorted(TEMPLATES.glob("*.md"))),
        "zed",
    ]


@pytest.mark.parametrize(
    ("reference", "owner"),
    [
        ("mine", "project"),
        ("ada/mine", "project"),
        ("ada/mine@1.0.0", "project"),
        ("mine@2.0.0", "team"),
        ("bob/mine", "team"),
        ("ada/mine@2.0.0", None),
        ("ada/mine@latest", "project"),
        ("eve/mine", None),
        ("a/b/mine", None),
        ("", None),
        ("MINE", None),
        ("../mine", None),
    ],
)
def test_publisher_and_version_must_be_met(folders, reference, owner):
    put(folders[0], id="mine", publisher="ada", version="1.0.0", displayName="project")
    put(folders[1], id="mine", publisher="bob", version="2.0.0", displayName="team")
    assert name_of(opened(folders).get(reference)) == owner


def test_underscores_in_a_reference_mean_hyphens(folders):
    assert name_of(opened(folders).get("code_reviewer")) == "Code Reviewer"


def test_a_broken_file_is_not_replaced_by_a_namesake_from_further_away(folders):
    put(folders[0], id="implementer", model=7)
    registry = opened(folders)
    with pytest.raises(DefinitionInvalid, match="model"):
        registry.get("implementer")
    assert registry.get("code-reviewer") is not None
    assert [problem.field for problem in registry.problems] == ["model"]
