"""What people and programs are told: each event once to each recipient, until it arrives or is given up."""

import asyncio
import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.errors import (
    ConfigurationInvalid,
    RecordConflict,
    StoreUnavailable,
    UnknownThing,
)
from callboard.domain.org.notice import DELIVERIES
from callboard.engine.notices import next_attempt
from callboard.engine.webhook_signatures import problem_with, secret_key
from callboard.ports.notifier import NotDelivered
from callboard.ports.records import AuditWanted
from callboard.testing.clock import FakeClock
from callboard.testing.notifier import KeptMail, KeptWebhooks
from callboard.usecases.app import NotAllowed
from callboard.usecases.courier import Courier
from callboard.usecases.deputies import name_deputy
from callboard.usecases.notice_preferences import choose_notices, noticed_groups
from callboard.usecases.notices import Notices
from callboard.usecases.people import change_person
from callboard.usecases.queueing import cancel_task
from callboard.usecases.rounds import Hands, Rounds
from callboard.usecases.spaces import set_member
from callboard.usecases.tasks import comment_on
from callboard.usecases.webhooks import (
    NewWebhook,
    add_webhook,
    list_deliveries,
    list_mail,
    list_webhooks,
    remove_webhook,
    replay_delivery,
    rotate_webhook,
)
from callboard.usecases.workflows import apply_workflow

from .team import ROOT, flow, new_team

pytestmark = pytest.mark.anyio


class Post:
    """The team with an outbox and senders that keep what they get."""

    def __init__(self, team):
        self.team, self.app = team, team.app
        self.mail, self.web = KeptMail(), KeptWebhooks()
        self.notices = Notices(team.app, email=True)
        self.courier = Courier(team.app, self.mail, self.web)

    async def turn(self):
        await self.notices.turn()
        while await self.courier.turn():
            pass

    async def told(self):
        """Return who was told what by e-mail since the last time."""
        await self.turn()
        sent = [(mail.to.partition("@")[0], mail.subject) for mail in self.mail.sent]
        self.mail.sent.clear()
        return sorted(sent)

    async def hook(self, id_="ops", **fields):
        wish = NewWebhook(id_, "https://hooks.example.test/x", **fields)
        return await add_webhook(self.app, ROOT, wish)

    async def deliveries(self, id_="ops"):
        return await list_deliveries(self.app, ROOT, id_)

    def posted(self):
        return [json.loads(message.body) for message in self.web.posted]

    async def later(self, **span):
        await self.team.clock.sleep(timedelta(**span).total_seconds())
        await self.turn()


@pytest.fixture
async def post():
    team = await new_team()
    post = Post(team)
    await post.turn()
    yield post
    await team.app.close()


OPENED = "[AUTH-1] Add login: waits for a decision"
REMINDER = "[AUTH-1] Add login: still waits for a decision"


async def test_those_who_may_decide_are_told_of_a_gate_once(post):
    await post.team.waiting()
    assert await post.told() == [("max", OPENED), ("mia", OPENED)]
    assert await post.told() == []
    other = Notices(post.app, email=True)  # as after a restart, or in another process
    assert await other.turn() == 0


async def test_admins_see_what_was_sent_by_mail_and_nobody_else_does(post):
    await post.team.waiting()
    await post.told()
    sent = await list_mail(post.app, ROOT)
    assert [(one.recipient, one.state) for one in sent] == [("mia", "sent"), ("max", "sent")]
    with pytest.raises(NotAllowed):
        await list_mail(post.app, await post.team.person("mia"))


async def test_whoever_started_it_is_told_what_was_decided_and_that_it_ended(post):
    await post.team.waiting()
    await post.told()
    await post.team.decide("mia", "AUTH-1-1", note="fine")
    await post.team.work()
    assert await post.told() == [
        ("ann", "[AUTH-1] Add login: ended"),
        ("ann", "[AUTH-1] Add login: was decided"),
    ]


async def test_nobody_is_told_of_what_they_did_themselves(post):
    await post.team.waiting("Mine", who="mia")
    assert [name for name, _ in await post.told()] == ["max", "mia"]
    await post.team.decide("mia", "AUTH-1-1")
    await post.team.work()
    assert await post.told() == [("mia", "[AUTH-1] Mine: ended")]  # the worker ended it, not she
    await post.team.started("Other", owner="person:vic")
    await cancel_task(post.app, await post.team.person("ann"), "AUTH-2")
    assert await post.told() == [("vic", "[AUTH-2] Other: ended")]


async def test_a_failure_reaches_owner_and_starter(post):
    await post.team.started(owner="person:vic")
    await post.team.fails("AUTH-1", "no repository")
    subject = "[AUTH-1] Add login: failed"
    assert await post.told() == [("ann", subject), ("vic", subject)]


async def test_a_mention_reaches_whoever_is_named_and_may_see_it(post):
    await post.team.started()
    ann = await post.team.person("ann")
    await post.hook(events=("comment.mentioned",))
    await comment_on(post.app, ann, "AUTH-1", "@mia @zoe @ann look")
    assert await post.told() == [("mia", "[AUTH-1] Add login: you were mentioned")]
    (delivery,) = await post.deliveries()
    assert delivery.subject == "[AUTH-1] Add login: somebody was mentioned"


async def test_groups_that_somebody_muted_are_left_out(post):
    mia = await post.team.person("mia")
    await choose_notices(post.app, mia, muted=("gates",))
    assert await noticed_groups(post.app, mia) == ("tasks", "reminders", "mentions", "budgets")
    await post.team.waiting()
    assert await post.told() == [("max", OPENED)]


async def test_without_a_mail_server_nothing_is_put_into_the_outbox_for_people(post):
    await post.team.waiting()
    assert await Notices(post.app).turn() == 0
    assert await post.app.records.find(DELIVERIES) == []


async def test_a_deputy_is_told_in_time_of_absence(post):
    mia, until = await post.team.person("mia"), post.team.clock.now() + timedelta(days=1)
    await name_deputy(post.app, mia, "vic", until=until)
    await post.team.waiting()
    assert [name for name, _ in await post.told()] == ["max", "mia", "vic"]


async def test_reminders_come_after_half_of_the_time_and_every_day_each_once(post):
    await apply_workflow(post.app, ROOT, flow(timeout_s=60 * 3_600))
    await set_member(post.app, ROOT, "auth", "person:max", None)
    await post.team.waiting()
    assert await post.told() == [("mia", OPENED)]
    expected = {23: 0, 25: 1, 29: 0, 31: 1, 47: 0, 49: 1, 50: 0}
    passed = 0
    for hour, count in expected.items():
        await post.team.clock.sleep((hour - passed) * 3_600)
        passed = hour
        told = await post.told() + await post.told()
        assert told == [("mia", REMINDER)] * count, hour


async def test_an_expired_gate_is_told_once_to_whoever_waits_for_it(post):
    await apply_workflow(post.app, ROOT, flow(timeout_s=60))
    await post.team.waiting()
    await post.told()
    await post.team.clock.sleep(61)
    await post.team.work()
    subjects = [subject for name, subject in await post.told() if name == "ann"]
    assert "[AUTH-1] Add login: nobody decided in time" in subjects
    assert await post.told() == []


async def test_a_webhook_is_sent_signed_messages_of_its_space_and_events(post):
    told = await post.hook(space="auth", events=("gate.opened",))
    await post.hook("all")
    await post.team.waiting()
    await post.turn()
    sent = {message.headers["webhook-id"]: message for message in post.web.posted}
    (delivery,) = await post.deliveries()
    message = sent[delivery.message_id]
    key = secret_key(told.secret.get_secret_value())
    against = problem_with(
        [key or b""],
        message_id=message.headers["webhook-id"],
        at=message.headers["webhook-timestamp"],
        given=message.headers["webhook-signature"],
        body=message.body,
        now=post.team.clock.now(),
    )
    assert against is None
    body = json.loads(message.body)
    assert (body["type"], body["data"]["entry"]) == ("gate.opened", "AUTH-1")
    assert delivery.state == "sent"
    events = [one.event for one in reversed(await post.deliveries("all"))]
    assert events == ["task.started", "gate.opened"]


async def test_two_workers_tell_each_recipient_once(post):
    await post.hook()
    await post.team.waiting()
    others = [Notices(post.app, email=True) for _ in range(3)]
    await asyncio.gather(*(one.turn() for one in (post.notices, *others)))
    couriers = [Courier(post.app, post.mail, post.web) for _ in range(3)]
    await asyncio.gather(*(one.turn() for one in couriers))
    assert sorted(mail.to[:3] for mail in post.mail.sent) == ["max", "mia"]
    assert sorted(one["type"] for one in post.posted()) == ["gate.opened", "task.started"]


async def test_what_does_not_arrive_is_tried_again_under_the_same_id_until_it_is_given_up(post):
    await post.hook(events=("task.started",))
    post.web.problems = [NotDelivered("the answer was 500")] * 20
    await post.team.waiting()
    await post.turn()
    for _ in range(20):
        await post.later(days=1, hours=6)
    (delivery,) = await post.deliveries()
    assert delivery.state == "failed"
    assert len(delivery.attempts) == len(post.web.tried) == 10
    assert len({message.headers["webhook-id"] for message in post.web.tried}) == 1
    assert delivery.attempts[-1].problem == "the answer was 500"


async def test_a_receiver_is_not_tried_before_it_wishes(post):
    await post.hook(events=("task.started",))
    post.web.problems = [NotDelivered("the answer was 429", retry_after_s=3_600)]
    await post.team.waiting()
    await post.turn()
    await post.later(minutes=59)
    assert post.web.posted == []
    await post.later(minutes=2)
    assert len(post.web.posted) == 1


async def test_a_receiver_that_is_gone_is_sent_nothing_more(post):
    await post.hook()
    post.web.problems = [NotDelivered("the answer was 410", gone=True)]
    await post.team.started()
    await post.team.work()
    await post.turn()
    await post.later(days=1)
    assert not (await list_webhooks(post.app, ROOT))[0].active
    assert {one.state for one in await post.deliveries()} == {"failed"}
    entry = (await post.app.records.audit(AuditWanted(record=("webhook", "ops"))))[0]
    assert "it is gone" in entry.note


async def test_a_message_whose_worker_died_on_the_way_is_sent_again(post):
    await post.hook(events=("task.started",))
    await post.team.waiting()
    await post.notices.turn()

    class Dies:
        async def post(self, message):
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await Courier(post.app, None, Dies()).turn()
    await post.turn()
    assert post.web.posted == []
    await post.later(minutes=6)
    assert len(post.web.posted) == 1


async def test_the_log_of_deliveries_goes_back_thirty_days_and_nothing_is_told_twice(post):
    await post.hook(events=("gate.opened",))
    await post.team.waiting()
    await post.turn()
    await post.later(days=29)
    assert [one.state for one in await post.deliveries()] == ["sent"]
    await post.later(days=2)
    assert await post.deliveries() == []
    await Notices(post.app, email=True).turn()
    await post.turn()
    assert [one["type"] for one in post.posted()] == ["gate.opened"]


async def test_a_message_is_replayed_as_a_new_one(post):
    await post.hook(events=("task.started",))
    await post.team.waiting()
    await post.turn()
    (first,) = await post.deliveries()
    again = await replay_delivery(post.app, ROOT, "ops", first.message_id)
    await post.turn()
    assert again.replay_of == first.message_id
    ids = [message.headers["webhook-id"] for message in post.web.posted]
    assert ids == [first.message_id, again.message_id]
    assert post.web.posted[0].body == post.web.posted[1].body
    with pytest.raises(UnknownThing):
        await replay_delivery(post.app, ROOT, "ops", "msg_0")


async def test_both_secrets_are_valid_for_a_day_after_rotation(post):
    old = secret_key((await post.hook()).secret.get_secret_value())
    new = secret_key((await rotate_webhook(post.app, ROOT, "ops")).secret.get_secret_value())

    async def fits():
        await comment_on(post.app, ROOT, "AUTH-1", "@mia")
        await post.turn()
        message = post.web.posted[-1]
        how = {"message_id": message.headers["webhook-id"], "body": message.body}
        how |= {"at": message.headers["webhook-timestamp"], "now": post.team.clock.now()}
        given_ = message.headers["webhook-signature"]
        return [problem_with([key or b""], given=given_, **how) is None for key in (old, new)]

    await post.team.started()
    assert await fits() == [True, True]
    await post.later(hours=25)
    assert await fits() == [False, True]
    await rotate_webhook(post.app, ROOT, "ops")
    names = [one.name for one in await post.app.vault.list()]
    assert names == ["webhook.ops.2", "webhook.ops.3"]


async def test_a_removed_webhook_leaves_no_secret_and_what_is_on_its_way_is_given_up(post):
    await post.hook()
    await post.team.started()
    await post.team.work()
    await post.notices.turn()
    await remove_webhook(post.app, ROOT, "ops")
    await post.turn()
    assert post.web.tried == []
    assert await post.app.vault.list() == []
    with pytest.raises(UnknownThing):
        await post.deliveries()


async def test_no_secret_is_in_a_record_a_message_or_the_audit_log(post):
    told = await post.hook()
    await post.team.waiting()
    await post.turn()
    everything = repr(
        [
            await list_webhooks(post.app, ROOT),
            await post.deliveries(),
            post.web.posted,
            await post.app.records.audit(AuditWanted()),
        ]
    )
    assert told.secret.get_secret_value() not in everything
    assert "whsec_" not in everything


async def test_mail_goes_to_the_address_that_somebody_has_when_it_is_sent(post):
    await post.team.waiting()
    await post.notices.turn()
    await change_person(post.app, ROOT, "mia", email="new@example.test")
    await change_person(post.app, ROOT, "max", active=False)
    await post.turn()
    assert [mail.to for mail in post.mail.sent] == ["new@example.test"]


@pytest.mark.parametrize(
    "url", ["ftp://x.test", "https://", "https://u:p@x.test", "https://x.test/\nX: y", "x.test"]
)
async def test_what_is_no_address_of_the_web_is_refused(post, url):
    with pytest.raises(ConfigurationInvalid, match="address of the web"):
        await add_webhook(post.app, ROOT, NewWebhook("bad", url))


async def test_maintainers_manage_webhooks_of_their_space_and_only_those(post):
    await post.hook("everything")
    await post.hook("ours", space="auth")
    mia, ann, zoe = [await post.team.person(name) for name in ("mia", "ann", "zoe")]
    assert [one.id for one in await list_webhooks(post.app, mia)] == ["ours"]
    await rotate_webhook(post.app, mia, "ours")
    for refused in (
        rotate_webhook(post.app, mia, "everything"),
        add_webhook(post.app, mia, NewWebhook("mine", "https://x.test")),
        list_webhooks(post.app, ann),
        list_deliveries(post.app, ann, "ours"),
    ):
        with pytest.raises(NotAllowed):
            await refused
    for hidden in (
        remove_webhook(post.app, zoe, "ours"),
        add_webhook(post.app, zoe, NewWebhook("mine", "https://x.test", space="auth")),
    ):
        with pytest.raises(UnknownThing):
            await hidden
    with pytest.raises(RecordConflict):
        await post.hook("ours")


async def test_hands_finish_the_round_that_is_under_way_before_they_stop():
    begun, ended = asyncio.Event(), asyncio.Event()

    async def slow():
        begun.set()
        await asyncio.sleep(0)
        ended.set()
        return 1

    hands = Hands((Rounds((slow,), every_s=60), Rounds(())))
    await hands.start()
    await asyncio.wait_for(begun.wait(), 60)
    begun.clear()
    hands.wake()
    await asyncio.wait_for(begun.wait(), 60)
    await hands.stop()
    assert ended.is_set()
    begun.clear()
    hands.wake()
    await asyncio.sleep(0)
    assert not begun.is_set()


async def test_a_turn_that_fails_keeps_no_other_from_its_turn():
    async def fails():
        raise RuntimeError("broken")

    async def works():
        return 3

    assert await Rounds((fails, works)).turn() == 3


@pytest.mark.parametrize("error", [StoreUnavailable, ConfigurationInvalid])
async def test_a_database_that_is_away_is_said_once_and_that_it_is_back(caplog, error):
    away = [error("it cannot be reached")] * 3

    async def looks():
        if away:
            raise away.pop()
        return 1

    rounds = Rounds((looks,))
    assert [await rounds.turn() for _ in range(5)] == [0, 0, 0, 1, 1]
    said = [(record.levelname, record.exc_info) for record in caplog.records]
    assert said == [("WARNING", None)] * 2
    assert "it cannot be reached" in caplog.text


@given(
    key=st.text(max_size=9),
    failed=st.integers(1, 12),
    wish=st.none() | st.floats(-5, 1e9),
)
def test_every_wait_is_longer_than_nothing_and_no_longer_than_a_day_and_a_quarter(
    key, failed, wish
):
    now = FakeClock().now()
    again = next_attempt(key, failed, now, wish)
    assert (again is None) == (failed > 9)
    if again is not None:
        assert timedelta(seconds=5) <= again - now <= timedelta(hours=30)
        assert again == next_attempt(key, failed, now, wish)
        if wish is not None and wish <= 86_400:
            assert again - now >= timedelta(seconds=wish) - timedelta(milliseconds=1)
