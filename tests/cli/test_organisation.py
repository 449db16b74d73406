"""`callboard people`, `service-accounts`, `spaces` and `tokens`, as somebody at a shell uses them."""

import pytest

from tests.cli.shell import say

PASSWORD = "a long password of ann"


@pytest.fixture
def ann(bare):
    assert bare("people", "add", "ann", "--name", "Ann", "--role", "owner").code == 0
    return bare


def test_a_person_is_added_changed_and_listed(ann):
    ann("people", "add", "ben", "--name", "Ben", "--email", "ben@example.org")
    assert ann("people", "change", "ben", "--role", "admin").code == 0
    listed = ann("people", "list", "--json").json
    assert [(one["id"], one["role"]) for one in listed] == [("ann", "owner"), ("ben", "admin")]
    assert "Ben" in ann("people", "list").out
    last = ann("people", "change", "ann", "--inactive")
    assert (last.code, last.out) == (2, "")
    assert "ann is the only owner" in last.err


def test_a_password_comes_from_stdin_and_is_nowhere_shown_or_stored(ann):
    done = ann("people", "set-password", "ann", given=PASSWORD.encode())
    assert (done.code, done.out) == (0, "")
    (listed,) = ann("people", "list", "--json").json
    assert listed["has_password"]
    assert "argon2" not in str(listed)
    files = b"".join(path.read_bytes() for path in ann.home.rglob("*") if path.is_file())
    assert PASSWORD.encode() not in files
    as_argument = ann("people", "set-password", "ann", PASSWORD)
    assert as_argument.code == 2


def test_a_token_is_printed_once_and_refused_after_it_is_revoked(ann):
    made = ann("tokens", "create", "ci", "--scope", "run.*", "--scope", "*.read")
    text = made.out.strip()
    assert text.startswith("cb_")
    (listed,) = ann("tokens", "list", "--json").json
    assert listed["scopes"] == ["*.read", "run.*"]
    assert text.rpartition("_")[2] not in str(listed)
    assert ann("tokens", "revoke", listed["id"]).code == 0
    assert "revoked" in ann("tokens", "list").out
    assert ann("tokens", "revoke", "nosuch").code == 2


def test_a_service_account_gets_a_token_of_its_own(ann):
    ann("service-accounts", "add", "deployer", "--name", "Deployer")
    made = ann("tokens", "create", "ci", "--scope", "*", "--for", "integration:deployer", "--json")
    assert made.json["account"] == {"kind": "integration", "name": "deployer"}
    assert made.json["token"].startswith("cb_")
    (account,) = ann("service-accounts", "list", "--json").json
    assert (account["id"], account["owner"]) == ("deployer", "ann")


def test_a_space_has_members_with_roles(ann):
    ann("people", "add", "ben")
    assert ann("spaces", "create", "auth", "--prefix", "AUTH", "--name", "Sign-in").code == 0
    assert ann("spaces", "members", "auth", "ben", "--role", "contributor").code == 0
    members = ann("spaces", "members", "auth", "--json").json
    assert members == [
        {"account": "person:ann", "role": "maintainer"},
        {"account": "person:ben", "role": "contributor"},
    ]
    ann("spaces", "members", "auth", "ben", "--role", "none")
    ann("spaces", "set", "auth", "--at-once", "2")
    shown = ann("spaces", "show", "auth", "--json").json
    assert (shown["at_once"], len(shown["members"])) == (2, 1)
    assert "Sign-in" in ann("spaces", "show", "auth").out
    assert ann("spaces", "set", "auth", "--archived").code == 0
    assert ann("spaces", "list", "--json").json == []


@pytest.mark.parametrize(
    "mistake",
    [
        ("people", "add", "Not A Name"),
        ("people", "add", "ben", "--role", "king"),
        ("people", "change", "ann"),
        ("people", "change", "nobody", "--name", "x"),
        ("spaces", "create", "auth", "--prefix", "lower"),
        ("spaces", "show", "nowhere"),
        ("spaces", "members", "nowhere", "ann", "--role", "viewer"),
        ("tokens", "create", "x", "--scope", "fly.away"),
        ("tokens", "create", "x", "--scope", "*", "--for", "ben"),
        ("tokens", "create", "x", "--scope", "*", "--for", "agent:x"),
    ],
)
def test_a_mistake_is_one_message_and_exit_code_2(ann, mistake):
    done = ann(*mistake)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("callboard: ")


def test_a_run_belongs_to_the_space_that_it_names(shell, model):
    model.will(say("Hello."))
    shell.agent()
    assert shell("spaces", "create", "auth", "--name", "Sign-in", "--prefix", "AUTH").code == 0
    done = shell("run", "helper", "--space", "auth", "--run-id", "r", "--json")
    assert (done.code, done.err) == (0, "")
    assert '"space":"auth"' in done.out.splitlines()[0]
    nowhere = shell("run", "helper", "--space", "nowhere")
    assert nowhere.code == 2
    assert "there is no space 'nowhere'" in nowhere.err


def test_files_are_given_with_a_task_listed_and_taken_away(bare):
    bare("spaces", "create", "auth", "--name", "Sign-in", "--prefix", "AUTH")
    bare("spaces", "set", "auth", "--repository", str(bare.workspace), "--workflow", "bug-fix")
    assert bare("tasks", "create", "auth", "Mend it").code == 0
    (bare.workspace / "notes.md").write_text("Mind this.")
    assert "text/plain" in bare("tasks", "attach", "AUTH-1", "notes.md").err
    (listed,) = bare("tasks", "files", "AUTH-1", "--json").json
    assert (listed["name"], listed["size"], "data" in listed) == ("notes.md", 10, False)
    assert "notes.md" in bare("tasks", "files", "AUTH-1").out
    assert bare("tasks", "detach", "AUTH-1", "1").code == 0
    assert bare("tasks", "files", "AUTH-1", "--json").json == []
    missing = bare("tasks", "attach", "AUTH-1", "nowhere.md")
    assert (missing.code, "nowhere.md: No such file" in missing.err) == (2, True)
