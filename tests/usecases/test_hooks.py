"""Messages from outside that become tasks: signed, in time, each once, and never more than text."""

import asyncio
import json
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from callboard.domain.errors import ConfigurationInvalid, RecordConflict, UnknownThing
from callboard.domain.org.hook import HOOK_RECEIPTS, HookCondition
from callboard.domain.org.task import TASKS
from callboard.domain.org.template import TaskTemplate
from callboard.domain.record import Change
from callboard.engine.placeholders import filled, filled_line
from callboard.engine.webhook_signatures import problem_with, secret_key, secret_text, signatures
from callboard.ports.records import AuditWanted
from callboard.usecases.app import NotAllowed
from callboard.usecases.hook_messages import (
    HookRefused,
    MessageTooLarge,
    receive_hook,
    start_received,
)
from callboard.usecases.hooks import NewHook, add_hook, list_hooks, list_receipts, remove_hook
from callboard.usecases.spaces import change_space

from .team import ROOT, new_team

pytestmark = pytest.mark.anyio

TEMPLATE = TaskTemplate(
    title="{{ issue.title }}",
    brief="Reported by {{ issue.user }}:\n{{ issue.body }}",
    labels=("from-outside",),
)
OPENED = HookCondition(path="action", values=("opened", "reopened"))
ISSUE = {"action": "opened", "issue": {"title": "It breaks", "user": "eve", "body": "See log"}}


class Sender:
    """Signs messages as somebody with the secret does."""

    def __init__(self, team, secret):
        self.team, self.key = team, secret_key(secret) or b""

    def headers(self, body, message_id="msg-1", ago=timedelta(0), **changed):
        at = int((self.team.clock.now() - ago).timestamp())
        return {
            "Webhook-Id": message_id,
            "Webhook-Timestamp": str(at),
            "Webhook-Signature": signatures([self.key], message_id, at, body),
        } | changed

    async def send(self, value, message_id="msg-1", hook="issues", **how):
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        return await receive_hook(self.team.app, hook, self.headers(body, message_id, **how), body)


@pytest.fixture
async def team():
    team = await new_team()
    yield team
    await team.app.close()


@pytest.fixture
async def sender(team):
    added = await add_hook(
        team.app, await team.person("mia"), "auth", NewHook("issues", TEMPLATE, (OPENED,))
    )
    return Sender(team, added.secret.get_secret_value())


async def tasks(team):
    return [kept.value for kept in await team.app.records.find(TASKS)]


async def test_a_message_becomes_a_task_that_is_started(team, sender):
    answer = await sender.send(ISSUE)
    assert (answer.answer, answer.task) == ("created", "AUTH-1")
    (task,) = await tasks(team)
    assert (task.title, task.state, task.labels) == ("It breaks", "queued", ("from-outside",))
    assert task.brief == "Reported by eve:\nSee log"
    assert (task.created_by.kind, task.created_by.name) == ("integration", "hook:issues")


async def test_a_message_that_comes_again_makes_no_second_task_and_gets_the_same_answer(
    team, sender
):
    await sender.send(ISSUE)
    again = await sender.send(ISSUE)
    assert (again.answer, again.task) == ("duplicate", "AUTH-1")
    await sender.send({"action": "closed"}, "msg-2")
    ignored = await sender.send({"action": "closed"}, "msg-2")
    assert (ignored.answer, ignored.reason) == ("duplicate", "action is not opened or reopened")
    assert len(await tasks(team)) == 1


async def test_maintainers_see_what_came_of_messages_the_latest_first(team, sender):
    await sender.send(ISSUE)
    await sender.send({"action": "closed"}, "msg-2")
    found = await list_receipts(team.app, await team.person("mia"), "issues")
    assert [(one.message_id, one.answer, one.task) for one in found] == [
        ("msg-2", "ignored", None),
        ("msg-1", "created", "AUTH-1"),
    ]
    with pytest.raises(NotAllowed):
        await list_receipts(team.app, await team.person("ann"), "issues")
    with pytest.raises(UnknownThing):
        await list_receipts(team.app, await team.person("zoe"), "issues")


async def test_a_message_that_comes_many_times_at_once_makes_one_task(team, sender):
    answers = await asyncio.gather(*(sender.send(ISSUE) for _ in range(5)))
    assert sorted(one.answer for one in answers) == ["created", *["duplicate"] * 4]
    assert {one.task for one in answers} == {"AUTH-1"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "the body is no JSON"),
        (b"[" * 5_000, "the body is no JSON"),
        (b"[" * 100 + b"]" * 100, "the body is no JSON"),
        (b'{"action": "closed"}', "action is not opened or reopened"),
        (b"[]", "action is not opened or reopened"),
        (b'{"action": "opened"}', "nothing fills the title"),
        (b'{"action": "opened", "issue": {"title": "\\ud800"}}', "title"),
    ],
)
async def test_what_makes_no_task_is_ignored_with_the_reason(team, sender, body, reason):
    answer = await sender.send(body)
    assert answer.answer == "ignored"
    assert reason in answer.reason
    assert await tasks(team) == []


async def test_only_who_has_the_secret_is_heard(team, sender):
    body = json.dumps(ISSUE).encode()
    good = sender.headers(body)
    stranger = Sender(team, secret_text(bytes(range(32))))
    for headers in (
        {},
        stranger.headers(body),
        good | {"Webhook-Signature": good["Webhook-Signature"].replace("v1,", "v2,")},
        good | {"Webhook-Id": "msg-2"},
        good | {"Webhook-Timestamp": str(int(good["Webhook-Timestamp"]) + 1)},
        sender.headers(body + b" "),
        sender.headers(body, "a/b"),
        sender.headers(body, ""),
    ):
        with pytest.raises(HookRefused):
            await receive_hook(team.app, "issues", headers, body)
    assert await tasks(team) == []


@pytest.mark.parametrize("ago", [timedelta(minutes=6), timedelta(minutes=-6)])
async def test_old_and_future_messages_are_refused(sender, ago):
    with pytest.raises(HookRefused, match="5 minutes"):
        await sender.send(ISSUE, ago=ago)


async def test_an_unknown_hook_is_refused_like_a_wrong_signature(team, sender):
    with pytest.raises(HookRefused) as unknown:
        await sender.send(ISSUE, hook="nothing")
    stranger = Sender(team, secret_text(bytes(range(32))))
    with pytest.raises(HookRefused) as wrong:
        await stranger.send(ISSUE)
    assert str(unknown.value) == str(wrong.value)


async def test_a_large_message_is_refused_before_anything_else(team, sender):
    with pytest.raises(MessageTooLarge):
        await receive_hook(team.app, "issues", {}, b" " * (256 * 1024 + 1))


async def test_one_of_several_signatures_is_enough(team, sender):
    body = json.dumps(ISSUE).encode()
    headers = sender.headers(body)
    both = {"Webhook-Signature": f"v1a,xyz v1,AAAA {headers['Webhook-Signature']}"}
    assert (await receive_hook(team.app, "issues", headers | both, body)).answer == "created"


async def test_a_task_whose_receiver_died_before_starting_it_is_started_later(team, sender):
    await sender.send(ISSUE)
    kept = await team.app.records.get(HOOK_RECEIPTS, "issues/msg-1")
    task = await team.app.records.get(TASKS, "AUTH-1")
    opened = task.value.model_copy(update={"state": "open"})
    await team.app.records.commit(
        Change(ROOT.actor, "task.manage", team.clock.now(), (TASKS.put(opened, over=task),))
    )
    unsettled = kept.value.model_copy(update={"started": False})
    await team.app.records.keep([HOOK_RECEIPTS.put(unsettled, over=kept)])
    assert await start_received(team.app) == 1
    assert [one.state for one in await tasks(team)] == ["queued"]
    assert await start_received(team.app) == 0


async def test_what_a_message_says_never_names_a_place_or_a_field(team, sender):
    sly = {"action": "opened", "issue": {"title": "{{ action }}", "body": "{{ issue.title }}"}}
    await sender.send(sly | {"workflow": "x", "repository": "/etc"})
    (task,) = await tasks(team)
    assert (task.title, task.repository) == ("{{ action }}", "/repository")
    assert "{{ issue.title }}" in task.brief


async def test_an_archived_space_takes_no_tasks(team, sender):
    await change_space(team.app, ROOT, "auth", archived=True)
    assert (await sender.send(ISSUE)).answer == "ignored"


async def test_the_secret_is_told_once_and_is_in_no_list_and_no_audit_log(team, sender):
    hooks = await list_hooks(team.app, await team.person("mia"))
    audit = await team.app.records.audit(AuditWanted())
    secret = secret_text(sender.key)
    assert secret not in repr(hooks) + repr(audit)
    assert "whsec_" not in repr(hooks) + repr(audit)


async def test_a_removed_hook_hears_nobody(team, sender):
    await remove_hook(team.app, await team.person("mia"), "issues")
    with pytest.raises(HookRefused):
        await sender.send(ISSUE)


async def test_a_sender_may_bring_a_secret_of_its_own(team):
    own = secret_text(bytes(range(24)))
    await add_hook(team.app, ROOT, "auth", NewHook("issues", TEMPLATE, secret=SecretStr(own)))
    assert (await Sender(team, own).send(ISSUE)).answer == "created"
    with pytest.raises(ConfigurationInvalid, match="24 to 64 bytes"):
        await add_hook(
            team.app, ROOT, "auth", NewHook("short", TEMPLATE, secret=SecretStr("whsec_AAAA"))
        )


async def test_only_maintainers_manage_hooks(team, sender):
    ann, zoe = await team.person("ann"), await team.person("zoe")
    for refused in (
        add_hook(team.app, ann, "auth", NewHook("other", TEMPLATE)),
        remove_hook(team.app, ann, "issues"),
        list_hooks(team.app, ann),
        list_hooks(team.app, zoe),
    ):
        with pytest.raises(NotAllowed):
            await refused
    with pytest.raises(UnknownThing):
        await remove_hook(team.app, zoe, "issues")
    with pytest.raises(RecordConflict):
        await add_hook(team.app, ROOT, "auth", NewHook("issues", TEMPLATE))


def test_signatures_are_those_that_the_standard_gives_as_an_example():
    key = secret_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert key is not None
    signed = signatures([key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(body=st.binary(), key=st.binary(min_size=24, max_size=64), flip=st.integers(0, 400))
@settings(deadline=None)
def test_a_changed_body_never_fits_its_signature(body, key, flip):
    now = datetime(2026, 1, 1, tzinfo=timezone.utc)
    at = int(now.timestamp())
    signed = signatures([key], "m", at, body)

    def problem(sent):
        return problem_with([key], message_id="m", at=str(at), given=signed, body=sent, now=now)

    assert problem(body) is None
    changed = bytearray(body + b"\0")
    changed[flip % len(changed)] ^= 1
    assert problem(bytes(changed)) is not None


@pytest.mark.parametrize("sly", ["\x1b[2J", "\u202egnp", "a\x00b", "\x9b31m"])
def test_what_acts_on_terminals_and_readers_is_left_out(sly):
    text = filled("{{ a }}", {"a": sly})
    assert all(char.isprintable() for char in text)
    assert filled("{{ a }}", {"a": "one\n\ttwo ü"}) == "one\n\ttwo ü"


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(value=JSON, title=st.text(max_size=40))
def test_no_value_fills_a_title_with_more_than_one_short_line(value, title):
    line = filled_line("{{ a }} {{ 0 }} " + title, {"a": value}, 50)
    assert len(line) <= 50
    assert len(line.splitlines()) <= 1
    assert "\x1b" not in filled("{{ a }}", {"a": value})
