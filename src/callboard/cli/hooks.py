"""`callboard hooks`: messages from outside that become tasks."""

from typing import Annotated

import typer
from pydantic import SecretStr

from callboard.cli import task_template as of_task
from callboard.cli.process import DONE, guarded, with_app
from callboard.cli.secret_input import read_secret
from callboard.cli.streams import give, give_json, say
from callboard.cli.table import table
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.org.hook import HookCondition, HookRecord
from callboard.domain.org.principal import Principal
from callboard.usecases.app import App
from callboard.usecases.checked import checked
from callboard.usecases.hooks import NewHook, add_hook, list_hooks, remove_hook

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)

Id = Annotated[str, typer.Argument(metavar="ID", help="The hook.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def hooks() -> None:
    """Let messages from outside become tasks."""


@app.command()
def add(
    hook_id: Id,
    *,
    space: of_task.Space,
    title: of_task.Title,
    when: Annotated[
        list[str] | None,
        typer.Option(help="What a message must say: PATH=VALUE[,VALUE…]; repeatable."),
    ] = None,
    own_secret: Annotated[
        bool, typer.Option("--own-secret", help="Read the sender's secret instead of making one.")
    ] = False,
    brief: of_task.Brief = "",
    criteria: of_task.Criteria = None,
    labels: of_task.Labels = None,
    priority: of_task.Priority = "normal",
    owner: of_task.Owner = None,
    budget: of_task.Budget = None,
    workflow: of_task.Workflow = None,
    repository: of_task.Repository = None,
    json_output: Json = False,
) -> None:
    """Add a hook. Title, brief and criteria may hold {{ path }}, filled from the message's JSON."""

    def body() -> int:
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
        given = SecretStr(read_secret("Secret: ")) if own_secret else None
        wish = NewHook(hook_id, template, tuple(map(_condition, when or ())), given)
        return with_app(lambda app, who: _add(app, who, space, wish, as_json=json_output))

    guarded(body)


async def _add(app: App, who: Principal, space: str, wish: NewHook, *, as_json: bool) -> int:
    added = await add_hook(app, who, space, wish)
    secret = None if wish.secret is not None else added.secret.get_secret_value()
    if as_json:
        give_json({**_json(added.hook), "secret": secret})
        return DONE
    say(f"{wish.id} takes messages at /api/v1/hooks/{wish.id} of `callboard serve`.")
    if secret is not None:
        say("Its secret, shown this once:")
        give(secret)
    return DONE


@app.command("list")
def list_(json_output: Json = False) -> None:
    """List hooks; never their secrets."""

    async def work(app: App, who: Principal) -> int:
        found = await list_hooks(app, who)
        if json_output:
            give_json([_json(one) for one in found])
        elif found:
            rows = [(one.id, one.space, _when(one), one.template.title) for one in found]
            for line in table(("HOOK", "SPACE", "WHEN", "TITLE"), rows):
                give(line)
        else:
            say("There are no hooks. `callboard hooks add` adds one.")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def remove(hook_id: Id) -> None:
    """Take a hook and its secret away; its tasks stay."""

    async def work(app: App, who: Principal) -> int:
        await remove_hook(app, who, hook_id)
        say(f"{hook_id} is gone.")
        return DONE

    guarded(lambda: with_app(work))


def _condition(text: str) -> HookCondition:
    path, equals, values = text.partition("=")
    if not equals:
        raise ConfigurationInvalid(f"--when {text!r}: write PATH=VALUE, such as action=opened")
    return checked(HookCondition, path=path, values=tuple(values.split(",")))


def _when(one: HookRecord) -> str:
    return " ".join(f"{each.path}={','.join(each.values)}" for each in one.when)


def _json(one: HookRecord) -> dict[str, object]:
    return one.model_dump(mode="json", exclude={"secret"})
