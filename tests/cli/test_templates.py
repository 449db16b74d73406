"""`callboard templates`, as somebody uses it who begins."""

import pytest

from callboard.definitions.role_templates import ROLES
from tests.cli.shell import say


def test_the_roles_are_listed_with_their_models_and_skills(bare):
    listed = bare("templates", "list", "--json")
    assert [one["id"] for one in listed.json] == list(ROLES)
    (triager,) = [one for one in listed.json if one["id"] == "triager"]
    assert triager["skills"] == ["triage", "support"]
    shown = bare("templates", "list")
    assert all(role in shown.out for role in ROLES)


def test_a_role_is_shown_with_an_example_of_its_work(bare):
    shown = bare("templates", "show", "code-reviewer", "--json").json
    assert shown["definition"]["id"] == "code-reviewer"
    assert "tally/money.py" in shown["exampleTask"]
    assert "example task" in bare("templates", "show", "code-reviewer").out


@pytest.mark.parametrize("role", ROLES)
def test_a_copy_is_valid_and_differs_in_its_id_and_model_only(bare, role):
    made = bare("templates", "use", role, "--as", "mine", "--model", "acme/model-1", "--json")
    assert made.code == 0, made
    assert made.json == {"file": ".agents/mine.md", "id": "mine"}
    assert bare("agents", "validate", "--json").json == []
    mine = bare("agents", "show", "mine", "--json").json
    shipped = bare("agents", "show", role, "--json").json
    own = {"id": "mine", "model": "acme/model-1", "publisher": None}
    assert mine == shipped | own


def test_a_role_runs_under_its_id_and_its_copy_takes_its_place(shell, model):
    model.will(say("As it is."))
    assert shell("run", "documentation-writer", "Explain.").code == 0
    assert model.received[-1].json["model"] == "anthropic/claude-haiku-4.5"
    shell("templates", "use", "documentation-writer", "--model", "acme/model-1")
    model.will(say("As changed."))
    assert shell("run", "documentation-writer", "Explain.").code == 0
    assert model.received[-1].json["model"] == "acme/model-1"


def test_nothing_is_overwritten_unless_that_is_asked_for(bare):
    file = bare.workspace / "roles" / "triager.md"
    assert bare("templates", "use", "triager", "--dir", "roles").code == 0
    file.write_text("mine")
    refused = bare("templates", "use", "triager", "--dir", "roles")
    assert (refused.code, file.read_text()) == (2, "mine")
    assert "--as" in refused.err
    assert "--force" in refused.err
    assert bare("templates", "use", "triager", "--dir", "roles", "--force").code == 0
    assert file.read_text().startswith("---\nid: triager\n")


def test_a_link_is_not_written_through(bare):
    outside = bare.home / "outside.md"
    outside.write_text("theirs")
    folder = bare.workspace / ".agents"
    folder.mkdir()
    (folder / "triager.md").symlink_to(outside)
    assert bare("templates", "use", "triager", "--force").code == 2
    assert outside.read_text() == "theirs"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("show", "code-reviwer"), "did you mean 'code-reviewer'"),
        (("use", "nobody"), "templates: implementer"),
        (("use", "triager", "--as", "../up"), "--as"),
        (("use", "triager", "--as", ""), "--as"),
        (("use", "triager", "--model", " "), "--model"),
    ],
)
def test_what_cannot_be_done_exits_2_and_says_why(bare, arguments, told):
    done = bare("templates", *arguments)
    assert done.code == 2
    assert told in done.err
    assert not (bare.workspace / ".agents").exists()


def test_a_model_that_looks_like_yaml_stays_a_model(bare):
    bare("templates", "use", "triager", "--model", "odd: #name")
    assert bare("agents", "show", "triager", "--json").json["model"] == "odd: #name"


def test_an_agent_of_the_roster_is_kept_as_a_role_and_copied_from(bare):
    bare("templates", "use", "planner", "--as", "ours")
    assert bare("roster", "save", ".agents/ours.md").code == 0
    saved = bare("templates", "save", "ours", "--as", "house-planner", "--task", "Plan the move.")
    assert saved.code == 0, saved.err
    listed = bare("templates", "list", "--json").json
    assert [one["id"] for one in listed if one["own"]] == ["house-planner"]
    assert "Plan the move." in bare("templates", "show", "house-planner").out
    made = bare("templates", "use", "house-planner", "--as", "copy", "--json").json
    assert made == {"file": ".agents/copy.yaml", "id": "copy"}
    assert bare("agents", "validate").code == 0
    assert bare("templates", "remove", "house-planner").code == 0
    stays = bare("templates", "remove", "planner")
    assert (stays.code, "comes with the product" in stays.err) == (2, True)
