"""`callboard agents publish|diff|yank`: versions that others may rely on."""

from pathlib import Path
from typing import Annotated

import typer

from callboard.bootstrap import Sources
from callboard.cli.process import DONE, guarded, with_app
from callboard.cli.streams import give, give_json, say
from callboard.domain.org.principal import Principal
from callboard.ports.releases import Release
from callboard.usecases.app import App
from callboard.usecases.compare_agents import compare_agents
from callboard.usecases.publish import Publication, publish_agents, yank_release
from callboard.usecases.start_run import find_agent

Agents = Annotated[list[Path] | None, typer.Option(help="Folder with definitions.")]
Workspace = Annotated[Path, typer.Option(help="Directory whose .agents are read.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def publish(
    agent_ids: Annotated[list[str], typer.Argument(help="The agents' ids.")],
    *,
    publisher: Annotated[
        str | None, typer.Option(help="Under whose name, where the definition has none.")
    ] = None,
    note: Annotated[str, typer.Option(help="What is new.")] = "",
    agents: Agents = None,
    workspace: Workspace = Path(),
    json_output: Json = False,
) -> None:
    """Publish agents: versions that never change, with the agents that they spawn pinned."""

    async def work(app: App, who: Principal) -> int:
        chosen = [await find_agent(app, name) for name in agent_ids]
        releases = await publish_agents(app, who, Publication(chosen, publisher, note))
        if json_output:
            give_json([release_json(release) for release in releases])
        else:
            for release in releases:
                give(release.reference)
        return DONE

    guarded(lambda: with_app(work, Sources(workspace, tuple(agents or ()))))


def diff(
    before: Annotated[
        str, typer.Argument(help="An agent: id, publisher/id or publisher/id@version.")
    ],
    after: Annotated[str, typer.Argument(help="Another one.")],
    agents: Agents = None,
    workspace: Workspace = Path(),
) -> None:
    """Show what is different between two definitions or versions."""

    async def work(app: App, who: Principal) -> int:
        text = await compare_agents(app, who, before, after)
        if text:
            give(text)
        else:
            say("They are the same.")
        return DONE

    guarded(lambda: with_app(work, Sources(workspace, tuple(agents or ()))))


def yank(
    reference: Annotated[str, typer.Argument(help="The release: publisher/id@version.")],
) -> None:
    """Take a release out of circulation; whoever names its version still gets it."""

    async def work(app: App, who: Principal) -> int:
        await yank_release(app, who, reference)
        say(f"{reference} is yanked.")
        return DONE

    guarded(lambda: with_app(work))


def release_json(release: Release) -> dict[str, object]:
    """Return a release as listings show it."""
    return {
        "reference": release.reference,
        "publisher": release.publisher,
        "id": release.id,
        "version": release.version,
        "digest": release.digest,
        "publishedAt": release.published_at.isoformat(),
        "publishedBy": release.actor.name,
        "note": release.note,
        "yanked": release.yanked,
    }
