"""`callboard serve --demo`: a sample organisation in a real process, and nothing left of it afterwards."""

import signal
import time

import pytest

from tests.cli.shell import TIMEOUT_S, Shell
from tests.cli.test_serve import ask

_LISTS = (
    "people", "spaces", "roster", "workflows", "credentials", "schedules", "hooks", "webhooks",
    "webhooks/team-chat/deliveries", "audit", "tokens", "runs", "inbox/deputies", "service-accounts",
)  # fmt: skip


@pytest.fixture
def shell(tmp_path):
    """A shell without a home; temporary directories are made where the test looks."""
    shell = Shell(tmp_path, tmp_path, {"TMPDIR": str(tmp_path)})
    yield shell
    shell.end_all()


def listed(base, path):
    answer = ask(f"{base}/api/v1/{path}")[1]
    assert "items" in answer, (path, answer)
    return answer["items"]


def within(seconds, look):
    """Return what somebody sees who looks again and again until there is something."""
    until = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < until, "nothing came of it"
    return found


def gates_of(base, key):
    return [
        one for one in listed(base, "gates?limit=200") if one["run"]["run_id"].startswith(f"{key}-")
    ]


def test_a_sample_has_something_everywhere_does_new_work_and_leaves_nothing_behind(shell, tmp_path):
    running = shell.start("serve", "--demo", "--port", "0", "--pace", "0", CALLBOARD_HOME=None)
    base = running.line().strip()
    me = ask(f"{base}/api/v1/me")[1]
    assert (me["actor"]["name"], me["role"], me["way"]) == ("olga", "owner", "local")
    tasks = listed(base, "tasks?limit=200")
    assert len(tasks) > 120
    assert {task["state"] for task in tasks} >= {"open", "done", "failed", "cancelled"}
    kinds = {item["kind"] for one in listed(base, "inbox?limit=200") for item in one["items"]}
    assert kinds >= {"sign_off", "question", "approval", "failure", "mention"}
    for path in _LISTS:
        assert listed(base, path), path

    wish = {"title": "Round shipping costs to whole cents"}
    status, task, _ = ask(f"{base}/api/v1/spaces/checkout/tasks", wish)
    assert status == 201
    key = task["key"]
    assert ask(f"{base}/api/v1/tasks/{key}/start", {})[0] == 202
    (gate,) = within(TIMEOUT_S, lambda: gates_of(base, key))
    assert "Deploy sign-off" in gate["question"]

    running.process.send_signal(signal.SIGTERM)
    done = running.finish()
    assert (done.code, "Traceback" in done.err) == (0, False), done.err
    assert not list(tmp_path.glob("callboard-demo-*"))


def test_whoever_loses_patience_while_it_is_filled_leaves_nothing_behind(shell, tmp_path):
    running = shell.start("serve", "--demo", "--port", "0", CALLBOARD_HOME=None)
    within(TIMEOUT_S, lambda: list(tmp_path.glob("callboard-demo-*/callboard.db")))
    assert running.interrupt().code == 130
    assert not list(tmp_path.glob("callboard-demo-*"))


def test_whoever_ends_it_before_it_is_filled_leaves_nothing_behind(shell, tmp_path):
    shell.cold = True  # what it is filled with is still imported
    running = shell.start("serve", "--demo", "--port", "0", CALLBOARD_HOME=None)
    within(TIMEOUT_S, lambda: list(tmp_path.glob("callboard-demo-*")))
    running.process.send_signal(signal.SIGTERM)
    done = running.finish()
    assert (done.code in (0, -signal.SIGTERM), done.out, "Traceback" in done.err) == (
        True,
        "",
        False,
    )
    assert not list(tmp_path.glob("callboard-demo-*"))


def test_a_home_in_which_something_is_stays_as_it_is(bare):
    before = sorted(bare.home.iterdir())
    done = bare("serve", "--demo", "--port", "0")
    assert done.code == 2
    assert "is not empty" in done.err
    assert sorted(bare.home.iterdir()) == before


def test_a_sample_is_for_this_machine_only(bare):
    done = bare("serve", "--demo", "--host", "0.0.0.0", "--port", "0")
    assert done.code == 2
    assert "without a password" in done.err
