"""`callboard tasks`: write tasks down, start them, see how they stand."""

from typing import Annotated

import typer

from callboard.cli.arguments import budget_of
from callboard.cli.plain import plain
from callboard.cli.process import DONE, guarded, with_app
from callboard.cli.streams import give, give_json, say
from callboard.cli.table import table
from callboard.cli.task_files import attach_files, detach_file, list_files
from callboard.cli.task_text import cells, comment_json, task_json, told
from callboard.cli.thread import print_thread
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.org.principal import Principal
from callboard.domain.workflow import ContextItem
from callboard.usecases.app import App
from callboard.usecases.board import TasksWanted, list_tasks, show_task
from callboard.usecases.diff import diff_of
from callboard.usecases.queueing import cancel_task, queue_task
from callboard.usecases.runs import show_run
from callboard.usecases.tasks import (
    NewTask,
    change_task,
    comment_on,
    create_task,
    link_tasks,
    list_comments,
)

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)

Key = Annotated[str, typer.Argument(help="The task's key, such as AUTH-42.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Brief = Annotated[str | None, typer.Option(help="What is to be achieved, in more words.")]
Criteria = Annotated[
    list[str] | None, typer.Option("--criterion", help="When it is done; may be given again.")
]
Labels = Annotated[list[str] | None, typer.Option("--label", help="A label; may be given again.")]
Priority = Annotated[str | None, typer.Option(help="low, normal, high or urgent.")]
Budget = Annotated[str | None, typer.Option(help="Most US dollars that a run of it may cost.")]
Owner = Annotated[str | None, typer.Option(help="Who answers for it: `person:ID`.")]


@app.callback()
def tasks() -> None:
    """Write tasks down, start them, see how they stand."""


app.command("attach")(attach_files)
app.command("files")(list_files)
app.command("detach")(detach_file)


@app.command()
def create(
    space: Annotated[str, typer.Argument(help="The space that it belongs to.")],
    title: Annotated[str, typer.Argument(help="What is to be achieved.")],
    *,
    brief: Brief = None,
    criterion: Criteria = None,
    label: Labels = None,
    priority: Priority = None,
    budget: Budget = None,
    owner: Owner = None,
    needs: Annotated[
        list[str] | None, typer.Option(help="A task that must be done before; may be given again.")
    ] = None,
    parent: Annotated[str | None, typer.Option(help="The task that it is a part of.")] = None,
    read: Annotated[
        list[str] | None,
        typer.Option(help="A file or link to read first; may be given again."),
    ] = None,
    workflow: Annotated[str | None, typer.Option(help="In place of the space's own.")] = None,
    repository: Annotated[str | None, typer.Option(help="In place of the space's own.")] = None,
    start: Annotated[bool, typer.Option("--start", help="Start it at once.")] = False,
    json_output: Json = False,
) -> None:
    """Write a task down, under the next key of its space."""
    wish = NewTask(
        title,
        brief=brief or "",
        criteria=tuple(criterion or ()),
        context=tuple(_context(text) for text in read or ()),
        labels=tuple(label or ()),
        priority=priority or "normal",  # pyright: ignore[reportArgumentType] - checked with the rest
        parent=parent,
        depends_on=tuple(needs or ()),
        owner=owner,
        budget_usd=budget_of(budget),
        workflow=workflow,
        repository=repository,
    )

    async def work(app: App, who: Principal) -> int:
        task = await create_task(app, who, space, wish)
        if start:
            await queue_task(app, who, task.key)
        await _show(app, who, task.key, as_json=json_output)
        return DONE

    guarded(lambda: with_app(work))


@app.command("list")
def list_(
    *,
    space: Annotated[str | None, typer.Option(help="Only those of this space.")] = None,
    state: Annotated[
        list[str] | None,
        typer.Option(help="open, queued, under_way, done, failed, cancelled; may be given again."),
    ] = None,
    label: Labels = None,
    owner: Owner = None,
    workflow: Annotated[str | None, typer.Option(help="Only those of this workflow.")] = None,
    text: Annotated[str, typer.Option(help="In key or title.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Most rows.")] = 100,
    json_output: Json = False,
) -> None:
    """List tasks, the newest first, with what each waits for."""
    wanted = TasksWanted(
        space=space,
        states=tuple(state or ()),
        labels=tuple(label or ()),
        owner=owner,
        workflow=workflow,
        text=text,
        limit=limit,
    )

    async def work(app: App, who: Principal) -> int:
        found = await list_tasks(app, who, wanted)
        if json_output:
            give_json([task_json(view) for view in found])
        elif found:
            header = ("TASK", "STATE", "HEALTH", "COST", "TITLE", "NOW")
            for line in table(header, [cells(view) for view in found]):
                give(line)
        else:
            say("No tasks. `callboard tasks create SPACE TITLE` writes one down.")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def show(key: Key, json_output: Json = False) -> None:
    """Show how a task stands, and what was said about it."""

    async def work(app: App, who: Principal) -> int:
        await _show(app, who, key, as_json=json_output)
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def start(key: Key, json_output: Json = False) -> None:
    """Start a task, or a failed one again: it begins when what it needs is done and there is room."""

    async def work(app: App, who: Principal) -> int:
        await queue_task(app, who, key)
        await _show(app, who, key, as_json=json_output)
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def cancel(
    key: Key,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    json_output: Json = False,
) -> None:
    """End a task and its run."""

    async def work(app: App, who: Principal) -> int:
        await cancel_task(app, who, key, reason)
        await _show(app, who, key, as_json=json_output)
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def change(
    key: Key,
    *,
    title: Annotated[str | None, typer.Option(help="A new title.")] = None,
    brief: Brief = None,
    criterion: Criteria = None,
    label: Labels = None,
    priority: Priority = None,
    budget: Budget = None,
    owner: Owner = None,
    json_output: Json = False,
) -> None:
    """Change what a task says."""
    given: dict[str, object] = {
        "title": title,
        "brief": brief,
        "criteria": tuple(criterion) if criterion else None,
        "labels": tuple(label) if label else None,
        "priority": priority,
        "budget_usd": budget_of(budget),
        "owner": owner,
    }
    fields = {name: value for name, value in given.items() if value is not None}

    async def work(app: App, who: Principal) -> int:
        if not fields:
            raise ConfigurationInvalid("nothing to change: give --title, --brief, --label, …")
        await change_task(app, who, key, **fields)
        await _show(app, who, key, as_json=json_output)
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def needs(
    key: Key,
    others: Annotated[list[str] | None, typer.Argument(help="Tasks to be done before.")] = None,
    json_output: Json = False,
) -> None:
    """Say which tasks must be done before this one begins; none named: it waits for nothing."""

    async def work(app: App, who: Principal) -> int:
        await link_tasks(app, who, key, others or ())
        await _show(app, who, key, as_json=json_output)
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def comment(key: Key, text: Annotated[str, typer.Argument(help="What you say.")]) -> None:
    """Say something about a task. It reaches the agents."""

    async def work(app: App, who: Principal) -> int:
        await comment_on(app, who, key, text)
        say("Said.")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def thread(key: Key) -> None:
    """Show everything that happened in a task's latest run."""

    async def work(app: App, who: Principal) -> int:
        print_thread(await show_run(app, who, await _run_of(app, who, key)))
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def diff(key: Key) -> None:
    """Show what a task's latest run changed, as a patch."""

    async def work(app: App, who: Principal) -> int:
        give(await diff_of(app, who, await _run_of(app, who, key)))
        return DONE

    guarded(lambda: with_app(work))


async def _run_of(app: App, who: Principal, key: str) -> str:
    view = await show_task(app, who, key)
    if view.row is None:
        raise ConfigurationInvalid(f"{key} has no run yet; `callboard tasks start {key}` starts it")
    return view.row.run_id


async def _show(app: App, who: Principal, key: str, *, as_json: bool) -> None:
    view = await show_task(app, who, key)
    comments = await list_comments(app, who, key)
    if as_json:
        give_json(task_json(view) | {"comments": [comment_json(one) for one in comments]})
        return
    for line in told(view):
        give(line)
    for one in comments:
        give(f"  {plain(one.actor.name)}: {plain(one.text)}")


def _context(text: str) -> ContextItem:
    kind = "link" if text.startswith(("http://", "https://")) else "file"
    return ContextItem(kind=kind, value=text)
