"""`callboard schedules`: tasks that come by the clock."""

from datetime import datetime
from typing import Annotated

import typer

from callboard.cli import task_template as of_task
from callboard.cli.arguments import budget_of
from callboard.cli.process import DONE, guarded, with_app
from callboard.cli.streams import give, give_json, say
from callboard.cli.table import table
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.org.principal import Principal
from callboard.domain.org.schedule import Firing, Missed, Overlap
from callboard.domain.org.template import TaskTemplate
from callboard.usecases.app import App
from callboard.usecases.checked import checked
from callboard.usecases.cron import read_zone
from callboard.usecases.schedules import (
    NewSchedule,
    ScheduleView,
    add_schedule,
    edit_schedule,
    list_schedules,
    pause_schedule,
    remove_schedule,
    run_schedule,
    show_schedule,
)

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)

Id = Annotated[str, typer.Argument(metavar="ID", help="The schedule.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def schedules() -> None:
    """Let tasks come by the clock."""


@app.command()
def add(
    schedule_id: Id,
    *,
    space: of_task.Space,
    cron: Annotated[str, typer.Option(help="When: `30 7 * * MON-FRI`, or @hourly, @daily, …")],
    title: of_task.Title,
    zone: Annotated[str, typer.Option(help="The time zone it is read in.")] = "UTC",
    overlap: Annotated[
        str, typer.Option(help="While the task before goes on: skip, queue or allow.")
    ] = "skip",
    missed: Annotated[
        str, typer.Option(help="For what was missed: one task (once), or none (skip).")
    ] = "once",
    brief: of_task.Brief = "",
    criteria: of_task.Criteria = None,
    labels: of_task.Labels = None,
    priority: of_task.Priority = "normal",
    owner: of_task.Owner = None,
    budget: of_task.Budget = None,
    workflow: of_task.Workflow = None,
    repository: of_task.Repository = None,
) -> None:
    """Add a schedule. Title, brief and criteria may hold {{ date }}, {{ time }} and {{ schedule }}."""

    async def work(app: App, who: Principal) -> int:
        template = of_task.template_of(
            title=title,
            brief=brief,
            criteria=criteria,
            labels=labels,
            priority=priority,
            owner=owner,
            budget=budget,
            workflow=workflow,
            repository=repository,
        )
        how = _overlap(overlap), _missed(missed)
        await add_schedule(app, who, space, NewSchedule(schedule_id, cron, template, zone, *how))
        view = await show_schedule(app, who, schedule_id)
        say(f"{schedule_id} is due next at {_next(view)}. `callboard serve` creates its tasks.")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def edit(
    schedule_id: Id,
    *,
    cron: Annotated[str | None, typer.Option(help="When it is due.")] = None,
    zone: Annotated[str | None, typer.Option(help="The time zone it is read in.")] = None,
    overlap: Annotated[str | None, typer.Option(help="skip, queue or allow.")] = None,
    missed: Annotated[str | None, typer.Option(help="once or skip.")] = None,
    title: Annotated[str | None, typer.Option(help="The title of the tasks.")] = None,
    brief: Annotated[str | None, typer.Option(help="What is to be done.")] = None,
    labels: of_task.Labels = None,
    priority: Annotated[str | None, typer.Option(help="low, normal, high or urgent.")] = None,
    owner: of_task.Owner = None,
    budget: of_task.Budget = None,
) -> None:
    """Change a schedule; what is not named stays. What was due before is settled."""

    async def work(app: App, who: Principal) -> int:
        before = (await show_schedule(app, who, schedule_id)).schedule.template
        named = {"title": title, "brief": brief, "labels": labels, "priority": priority}
        changes: dict[str, object] = {k: v for k, v in named.items() if v is not None}
        changes |= {"owner": f"person:{owner}"} if owner else {}
        changes |= {"budget_usd": budget_of(budget)} if budget is not None else {}
        own = {"cron": cron, "zone": zone, "overlap": overlap, "missed": missed}
        fields: dict[str, object] = {k: v for k, v in own.items() if v is not None}
        if changes:
            fields["template"] = checked(TaskTemplate, **(before.model_dump() | changes))
        await edit_schedule(app, who, schedule_id, **fields)
        say(f"{schedule_id} is due next at {_next(await show_schedule(app, who, schedule_id))}.")
        return DONE

    guarded(lambda: with_app(work))


@app.command("list")
def list_(json_output: Json = False) -> None:
    """List schedules and when each is due next."""

    async def work(app: App, who: Principal) -> int:
        views = await list_schedules(app, who)
        if json_output:
            give_json([_json(view) for view in views])
        elif views:
            rows = [_cells(view) for view in views]
            for line in table(("SCHEDULE", "SPACE", "WHEN", "ZONE", "NEXT", "TITLE"), rows):
                give(line)
        else:
            say("There are no schedules. `callboard schedules add` adds one.")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def show(schedule_id: Id, json_output: Json = False) -> None:
    """Show a schedule, when it is due, and what came of it."""

    async def work(app: App, who: Principal) -> int:
        view = await show_schedule(app, who, schedule_id)
        if json_output:
            give_json(_json(view))
            return DONE
        schedule = view.schedule
        give(f"{schedule.id}: {schedule.template.title}")
        give(f"{schedule.cron} in {schedule.zone}, in space {schedule.space}")
        give(f"overlap: {schedule.overlap}, missed: {schedule.missed}")
        for moment in view.coming:
            give(f"due      {_local(moment, schedule.zone)}")
        for one in view.past:
            give(
                f"{one.state:<8} {_local(one.due_at, schedule.zone)} {one.task or ''} {one.reason}"
            )
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def pause(schedule_id: Id) -> None:
    """Let no more tasks come of a schedule for now."""

    async def work(app: App, who: Principal) -> int:
        await pause_schedule(app, who, schedule_id)
        say(f"{schedule_id} is paused.")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def resume(schedule_id: Id) -> None:
    """Let tasks come again; what was due meanwhile is not made up for."""

    async def work(app: App, who: Principal) -> int:
        await pause_schedule(app, who, schedule_id, paused=False)
        say(f"{schedule_id} is due next at {_next(await show_schedule(app, who, schedule_id))}.")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def remove(schedule_id: Id) -> None:
    """Take a schedule away; its tasks stay."""

    async def work(app: App, who: Principal) -> int:
        await remove_schedule(app, who, schedule_id)
        say(f"{schedule_id} is gone.")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def run(schedule_id: Id, json_output: Json = False) -> None:
    """Create and start a schedule's task at once."""

    async def work(app: App, who: Principal) -> int:
        task = await run_schedule(app, who, schedule_id)
        if json_output:
            give_json({"task": task.key, "state": task.state})
        else:
            give(task.key)
        return DONE

    guarded(lambda: with_app(work))


def _overlap(text: str) -> Overlap:
    match text:
        case "skip" | "queue" | "allow":
            return text
        case _:
            raise ConfigurationInvalid(f"--overlap {text!r}: use skip, queue or allow")


def _missed(text: str) -> Missed:
    match text:
        case "once" | "skip":
            return text
        case _:
            raise ConfigurationInvalid(f"--missed {text!r}: use once or skip")


def _next(view: ScheduleView) -> str:
    return _local(view.coming[0], view.schedule.zone) if view.coming else "no time"


def _local(moment: datetime, zone: str) -> str:
    return f"{moment.astimezone(read_zone(zone)):%Y-%m-%d %H:%M %Z}"


def _cells(view: ScheduleView) -> tuple[str, ...]:
    one = view.schedule
    due = "paused" if one.paused else _next(view)
    return (one.id, one.space, one.cron, one.zone, due, one.template.title)


def _json(view: ScheduleView) -> dict[str, object]:
    return {
        **view.schedule.model_dump(mode="json"),
        "coming": [moment.isoformat() for moment in view.coming],
        "past": [_firing_json(one) for one in view.past],
    }


def _firing_json(one: Firing) -> dict[str, object]:
    return one.model_dump(mode="json", exclude={"schedule", "space"})
