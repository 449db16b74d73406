"""The last sixty days: tasks come and go, agents get better versions, somebody leaves."""

import random
from datetime import datetime, timedelta
from typing import Final

from callboard.ports.notifier import Mail, NotDelivered, WebhookMessage
from callboard.sample.cast import OWNER
from callboard.sample.founding import apply_flows
from callboard.sample.plot import DAYS, Asked, past_tasks
from callboard.sample.stage import Stage, someone
from callboard.usecases.app import App
from callboard.usecases.board import TasksWanted, list_tasks
from callboard.usecases.courier import Courier
from callboard.usecases.hook_messages import start_received
from callboard.usecases.notices import Notices
from callboard.usecases.people import change_person
from callboard.usecases.queueing import cancel_task, queue_task
from callboard.usecases.roster import NewVersion, save_agent
from callboard.usecases.roster_moves import (
    Move,
    TrialWish,
    pause_agent,
    promote_agent,
    retire_agent,
    roll_back_agent,
    try_version,
)
from callboard.usecases.roster_reading import find_in_roster
from callboard.usecases.rounds import Rounds
from callboard.usecases.tasks import comment_on, create_task
from callboard.usecases.timetable import Timetable

_MONDAY: Final = 0
_BETTER: Final = (
    (44, "implementer", "Run the tests before saying that they pass.", "promote"),
    (37, "code-reviewer", "Try amounts of zero and less on everything that takes one.", "promote"),
    (30, "documentation-writer", "One page, one question.", "promote"),
    (24, "implementer", "Say in one line what is left open.", "promote"),
    (20, "code-reviewer", "Name the line of every finding.", "promote"),
    (17, "code-reviewer", "Reject whatever has no test.", "roll back"),
    (9, "data-migrator", "Never rewrite what was imported already.", "promote"),
    (5, "implementer", "Prefer changing a function to adding one.", "try"),
)
"""Days ago, whose instructions get another sentence, and what is done with the version."""


class Receivers:
    """Takes what the sample sends in its past; every ninth message of a webhook does not arrive at first."""

    def __init__(self) -> None:
        self._count = 0

    async def send(self, mail: Mail) -> None:
        """See `ports.notifier.MailSender`."""
        del mail

    async def post(self, message: WebhookMessage) -> None:
        """See `ports.notifier.WebhookSender`."""
        self._count += 1
        if "old" in message.url:
            raise NotDelivered("the address answered 410: it is gone", permanent=True)
        if self._count % 9 == 0:
            raise NotDelivered("the address did not answer within 10 seconds")


def schedule_past(stage: Stage, now: datetime) -> None:
    """Put sixty days on the stage."""
    chance = random.Random(3)  # noqa: S311 - the same sample for everybody
    for number, asked in enumerate(past_tasks(now)):
        stage.later(asked.at, lambda asked=asked: _ask(stage, asked, chance))
        if number % 23 == 22:
            moment = asked.at + timedelta(minutes=40)
            stage.later(moment, lambda asked=asked: _give_up(stage, asked))
    for days, agent, sentence, what in _BETTER:
        stage.later(
            now - timedelta(days=days, hours=3),
            lambda agent=agent, sentence=sentence, what=what: _improve(
                stage.app, agent, sentence, what
            ),
        )
    for days, deed in ((38, _work_otherwise), (33, _leave), (12, _pause), (8, _retire)):
        stage.later(now - timedelta(days=days, hours=2), lambda deed=deed: deed(stage.app))
    for day in range(1, DAYS - 1):
        if (now - timedelta(days=day)).weekday() == _MONDAY:  # the timetable is looked at
            stage.later((now - timedelta(days=day)).replace(hour=7), _nothing)


def rounds_of(app: App) -> Rounds:
    """Return what goes on beside the tasks in the past."""
    receivers = Receivers()
    return Rounds(
        (
            Timetable(app).turn,
            lambda: start_received(app),
            Notices(app, email=True).turn,
            Courier(app, receivers, receivers).turn,
        )
    )


async def _nothing() -> None:
    """Let the day begin."""


async def _ask(stage: Stage, asked: Asked, chance: random.Random) -> None:
    app = stage.app
    who = await someone(app, asked.who)
    task = await create_task(app, who, asked.place.id, asked.wish)
    stage.clock.pass_by(chance.randrange(20, 900))
    if asked.told:
        await comment_on(app, who, task.key, asked.told)
    await queue_task(app, who, task.key)


async def _give_up(stage: Stage, asked: Asked) -> None:
    """Cancel the last task of that title, if it waits for somebody."""
    who = await someone(stage.app, OWNER)
    wanted = TasksWanted(states=("open", "queued", "under_way"), text=asked.wish.title, limit=1)
    for view in await list_tasks(stage.app, who, wanted):
        await cancel_task(stage.app, who, view.task.key, "We do this differently now.")


async def _improve(app: App, agent_id: str, sentence: str, what: str) -> None:
    who = await someone(app, "ada")
    listed = await find_in_roster(app, who, agent_id)
    before = listed.version.definition
    text = f"{before.instructions_prompt.rstrip()}\n{sentence}\n"
    better = before.model_copy(update={"instructions_prompt": text})
    version = await save_agent(app, who, NewVersion(better, note=sentence))
    if what == "try":
        await try_version(app, who, agent_id, TrialWish(0.25, version.number), Move(note=sentence))
        return
    await promote_agent(app, who, agent_id, version.number, Move(note=sentence))
    if what == "roll back":
        await roll_back_agent(app, who, agent_id, Move(note="It rejected everything."))


async def _work_otherwise(app: App) -> None:
    note = "A plan before imports, and a second look at what touches the sign-in."
    await apply_flows(app, await someone(app, OWNER), first=False, note=note)


async def _leave(app: App) -> None:
    await change_person(app, await someone(app, OWNER), "max", active=False)


async def _pause(app: App) -> None:
    await pause_agent(
        app,
        await someone(app, "ada"),
        "design-reviewer",
        Move(note="Until the new colours are in."),
    )


async def _retire(app: App) -> None:
    await retire_agent(
        app,
        await someone(app, "ada"),
        "support-answers",
        force=True,
        move=Move(note="Nobody asked."),
    )
