"""What reaches the sample from outside and leaves it: schedules, hooks, webhooks, tokens, deputies."""

import json
from datetime import datetime, timedelta
from typing import Final

from callboard.domain.actor import Actor
from callboard.domain.org.hook import HookCondition
from callboard.domain.org.template import TaskTemplate
from callboard.engine.webhook_signatures import secret_key, signatures
from callboard.sample.cast import OWNER
from callboard.sample.stage import Stage, someone
from callboard.usecases.app import App
from callboard.usecases.deputies import name_deputy
from callboard.usecases.hook_messages import receive_hook
from callboard.usecases.hooks import AddedHook, NewHook, add_hook
from callboard.usecases.notice_preferences import choose_notices
from callboard.usecases.schedules import NewSchedule, add_schedule, pause_schedule
from callboard.usecases.tokens import NewToken, create_token, revoke_token
from callboard.usecases.webhooks import NewWebhook, add_webhook

_REPORTS: Final = (
    (41, "The order mail came twice", "bug"),
    (26, "Coupon refused although it is new", "bug"),
    (13, "Thank you for the quick help", "praise"),
    (6, "Cannot change the address after paying", "bug"),
)
"""Days ago, and what customers reported."""


def schedule_outside(stage: Stage, now: datetime, receiver: str) -> None:
    """Put on the stage what connects the sample with others. `receiver` is the address of the demo's own receiver of
    webhooks.
    """
    stage.later(now - timedelta(days=55), lambda: _connect(stage, now, receiver))
    stage.later(now - timedelta(days=2), lambda: _stand_in(stage.app, now))


async def _connect(stage: Stage, now: datetime, receiver: str) -> None:
    app = stage.app
    await _schedules(app)
    hook = await _hook(app)
    for days, text, kind in _REPORTS:
        moment = now - timedelta(days=days, hours=4)
        body = json.dumps({"report": {"title": text, "kind": kind}}).encode()
        stage.later(moment, lambda moment=moment, body=body: _report(app, hook, moment, body))
    olga = await someone(app, OWNER)
    await add_webhook(app, olga, NewWebhook("team-chat", f"{receiver}/team-chat"))
    old = NewWebhook(
        "old-planner", f"{receiver}/old-planner", "pipelines", ("task.ended", "task.failed")
    )
    await add_webhook(app, olga, old)
    await _tokens(app)


async def _schedules(app: App) -> None:
    lee, sam = await someone(app, "lee"), await someone(app, "sam")
    look = TaskTemplate(
        title="Look at the errors of {{ date }}", brief="Sort them.", workflow="sorting"
    )
    await add_schedule(
        app, lee, "pipelines", NewSchedule("weekly-errors", "0 6 * * 1", look, zone="Europe/Berlin")
    )
    page = TaskTemplate(title="Correct the page about prices of {{ date }}", labels=("docs",))
    await add_schedule(
        app, sam, "handbook", NewSchedule("monthly-prices", "0 8 1 * *", page, zone="Europe/Berlin")
    )
    await add_schedule(app, sam, "handbook", NewSchedule("yearly-terms", "0 8 2 1 *", page))
    await pause_schedule(app, sam, "yearly-terms")


async def _hook(app: App) -> AddedHook:
    template = TaskTemplate(
        title="{{ report.title }}", labels=("bug",), workflow="sorting", priority="high"
    )
    condition = HookCondition(path="report.kind", values=("bug",))
    wish = NewHook("support-desk", template, (condition,))
    return await add_hook(app, await someone(app, "mia"), "checkout", wish)


async def _report(app: App, hook: AddedHook, moment: datetime, body: bytes) -> None:
    key = secret_key(hook.secret.get_secret_value()) or b""
    message_id, at = f"msg-{int(moment.timestamp())}", int(app.ports.clock.now().timestamp())
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": signatures([key], message_id, at, body),
    }
    await receive_hook(app, hook.hook.id, headers, body)


async def _tokens(app: App) -> None:
    olga, ben = await someone(app, OWNER), await someone(app, "ben")
    builds = Actor(kind="integration", name="ci")
    await create_token(app, olga, NewToken("builds", ("task.read", "run.read"), 365, builds))
    await create_token(app, olga, NewToken("monthly report", ("*.read",), 30))
    await create_token(app, ben, NewToken("my terminal", ("*.read", "run.start"), 180))
    lost = await create_token(app, ben, NewToken("lost laptop", ("*",), 180))
    await revoke_token(app, ben, lost.token.id)


async def _stand_in(app: App, now: datetime) -> None:
    """Let somebody go on holiday."""
    mia = await someone(app, "mia")
    await name_deputy(app, mia, "ben", until=now + timedelta(days=9))
    await choose_notices(app, mia, muted=("tasks",))
    await name_deputy(app, await someone(app, "sam"), OWNER, until=now + timedelta(days=5))
