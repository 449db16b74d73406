"""`callboard roster`: the agents of the organisation, their versions, and who uses them."""

from pathlib import Path
from typing import Annotated

import typer

from callboard.bootstrap import read_catalogue
from callboard.cli.definition import definition_lines
from callboard.cli.plain import plain
from callboard.cli.process import DONE, guarded, settings, with_app
from callboard.cli.roster_moves import pause, promote, replay, resume, retire, rollback, try_out
from callboard.cli.roster_text import (
    Json,
    Name,
    Note,
    listed_json,
    radius_json,
    radius_lines,
    standing_json,
    standing_line,
)
from callboard.cli.streams import give, give_json, say
from callboard.cli.table import table
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import ConfigurationInvalid, DefinitionInvalid
from callboard.domain.org.principal import Principal
from callboard.domain.org.roster import RosterVersion
from callboard.usecases.app import App
from callboard.usecases.blast_radius import blast_radius
from callboard.usecases.roster import NewVersion, change_agent, save_agent
from callboard.usecases.roster_reading import (
    Listed,
    diff_versions,
    find_in_roster,
    list_roster,
    roster_versions,
)
from callboard.usecases.trials import trial_standing

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)

Spaces = Annotated[
    list[str] | None,
    typer.Option("--space", help="It plays in this space; given again, in several."),
]
Owner = Annotated[str | None, typer.Option(help="Who answers for it: person:ID.")]


@app.callback()
def roster() -> None:
    """Keep the organisation's agents: save versions, make one live, see what a change touches."""


app.command()(promote)
app.command()(replay)
app.command("try")(try_out)
app.command()(rollback)
app.command()(pause)
app.command()(resume)
app.command()(retire)


@app.command("list")
def list_(json_output: Json = False) -> None:
    """List the agents of the roster."""

    async def work(app: App, who: Principal) -> int:
        found = await list_roster(app, who)
        if json_output:
            give_json([listed_json(one) for one in found])
            return DONE
        header = ("AGENT", "STATE", "VERSION", "MODEL", "WHERE", "OWNER")
        for line in table(header, [_row(one) for one in found]):
            give(line)
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def show(
    name: Name,
    version: Annotated[int | None, typer.Option(help="This version.", min=1)] = None,
    json_output: Json = False,
) -> None:
    """Show an agent: where it plays, and its definition in the version that counts."""

    async def work(app: App, who: Principal) -> int:
        found = await find_in_roster(app, who, name)
        versions = await roster_versions(app, who, name)
        shown = next((one for one in versions if one.number == version), found.version)
        if version not in (None, shown.number):
            raise ConfigurationInvalid(
                f"{name} has no version {version}; it has 1 to {len(versions)}"
            )
        standing = await trial_standing(app, who, name)
        if json_output:
            told = {"version": shown.number, "definition": shown.definition.to_json()}
            give_json(listed_json(found) | told | {"trial_standing": standing_json(standing)})
            return DONE
        give("  ".join(_row(found)))
        if standing is not None:
            give(standing_line(standing))
        for line in definition_lines(shown.definition):
            give(line)
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def save(
    path: Annotated[Path, typer.Argument(help="A definition file, or a folder of them.")],
    *,
    spaces: Spaces = None,
    owner: Owner = None,
    note: Note = "",
    json_output: Json = False,
) -> None:
    """Save definitions as the next versions of their agents. What is live stays live."""

    async def work(app: App, who: Principal) -> int:
        scope = tuple(spaces) if spaces else None
        for definition in definitions_in(path):
            before = {one.agent.id: one.agent.latest for one in await list_roster(app, who)}
            version = await save_agent(app, who, NewVersion(definition, scope, owner, note))
            is_new = version.number > before.get(version.agent, 0)
            if json_output:
                give_json(_version_json(version) | {"new": is_new})
            else:
                was = "saved as" if is_new else "is saved already:"
                say(f"{version.agent} {was} version {version.number}")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def versions(name: Name, json_output: Json = False) -> None:
    """List the versions of an agent, the latest first."""

    async def work(app: App, who: Principal) -> int:
        agent = (await find_in_roster(app, who, name)).agent
        found = await roster_versions(app, who, name)
        if json_output:
            give_json([_version_json(one) for one in found])
            return DONE
        trial = agent.trial.version if agent.trial is not None else None
        marks = {trial: "on trial", agent.live: "live"}
        rows = [
            (
                str(one.number),
                marks.get(one.number, ""),
                f"{one.at:%Y-%m-%d %H:%M}",
                one.author.name,
                one.digest[:12],
                one.note,
            )
            for one in found
        ]
        for line in table(("VERSION", "", "SAVED", "BY", "DIGEST", "NOTE"), rows):
            give(line)
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def diff(
    name: Name,
    before: Annotated[int, typer.Argument(help="A version's number.", min=1)],
    after: Annotated[int, typer.Argument(help="Another one's.", min=1)],
) -> None:
    """Show how two versions differ, prompts line by line."""

    async def work(app: App, who: Principal) -> int:
        text = await diff_versions(app, who, name, before, after)
        if text:
            give(text)
        else:
            say("They are the same.")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def scope(
    name: Name,
    *,
    spaces: Spaces = None,
    everywhere: Annotated[bool, typer.Option(help="It plays in all spaces.")] = False,
    owner: Owner = None,
    at_once: Annotated[
        int | None,
        typer.Option(help="How many of its runs are under way at a time; 0: any number."),
    ] = None,
    json_output: Json = False,
) -> None:
    """Change where an agent plays, who answers for it, and how much it does at a time."""

    async def work(app: App, who: Principal) -> int:
        fields: dict[str, object] = {}
        if bool(spaces) == everywhere and (spaces or (owner is None and at_once is None)):
            raise ConfigurationInvalid(
                "say where it plays: --space ID for each space, or --everywhere"
            )
        if spaces or everywhere:
            fields["spaces"] = tuple(spaces) if spaces else None
        if owner is not None:
            fields["owner"] = owner
        if at_once is not None:
            fields["at_once"] = at_once or None
        await change_agent(app, who, name, fields)
        found = await find_in_roster(app, who, name)
        if json_output:
            give_json(listed_json(found))
        else:
            say("  ".join(_row(found)))
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def touches(name: Name, json_output: Json = False) -> None:
    """Show what a change of an agent touches: workflows, spaces, tasks and people."""

    async def work(app: App, who: Principal) -> int:
        radius = await blast_radius(app, who, name)
        if json_output:
            give_json(radius_json(radius))
        for line in () if json_output else radius_lines(radius):
            give(line)
        return DONE

    guarded(lambda: with_app(work))


def definitions_in(path: Path) -> list[AgentDefinition]:
    """Return the definitions in a file or a folder.

    Raises:
        DefinitionInvalid: one of them is not valid; carries every problem.
        ConfigurationInvalid: there is none.
    """
    catalogue = read_catalogue(path, settings())
    if catalogue.problems:
        raise DefinitionInvalid(catalogue.problems)
    if not catalogue.definitions:
        raise ConfigurationInvalid(f"{path} holds no definition of an agent")
    return [one.definition for one in catalogue.definitions]


def _row(one: Listed) -> tuple[str, ...]:
    agent, trial = one.agent, one.agent.trial
    tried = f", trial of {trial.version} with {trial.share:.0%}" if trial is not None else ""
    where = "everywhere" if agent.spaces is None else ", ".join(agent.spaces)
    model = plain(one.version.definition.model)
    return (
        agent.id,
        f"{agent.state}{tried}",
        str(one.version.number),
        model,
        where,
        agent.owner or "-",
    )


def _version_json(version: RosterVersion) -> dict[str, object]:
    return version.model_dump(mode="json", exclude={"definition"})
