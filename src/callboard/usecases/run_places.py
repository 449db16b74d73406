"""Where a run works that somebody starts from afar."""

from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.org.principal import Principal
from callboard.usecases.app import App, require
from callboard.usecases.spaces import require_space
from callboard.usecases.start_run import check_run_id, find_agent


async def place_for_run(
    app: App, who: Principal, run_id: str, agent: str, *, space: str, workspace: str | None
) -> str:
    """Return the directory for a new run of an agent: a copy of its space's repository, of this run alone. A directory of the
    server is named only by those who may start runs anywhere.

    Raises:
        UnknownThing: there is no such agent or space, or none that they see.
        NotAllowed: they may not start runs there, or not in a directory of their choice.
        ConfigurationInvalid: the id cannot be used or is taken, or there is no repository to work on.
    """
    await _required_start(app, who, space, workspace)
    check_run_id(run_id)
    if run_id in {".", ".."}:
        raise ConfigurationInvalid("a run's id names a directory: it cannot be . or ..")
    if await app.ports.store.row(run_id) is not None:  # its directory is not to be written over
        raise ConfigurationInvalid(f"a run with the id {run_id} exists; choose another one")
    await find_agent(app, agent, space)
    if workspace is not None:
        return workspace
    if not space:
        raise ConfigurationInvalid("name the space that the run belongs to, or a directory")
    kept = await require_space(app, who, "run.start", space)
    repository = kept.value.repository
    if repository is None:
        raise ConfigurationInvalid(
            f"space {space} has no repository to work on; give it one with `callboard spaces set {space}"
            " --repository PATH`"
        )
    place = f"{app.copies}/{run_id}"
    head = await app.ports.workspaces.head(repository)
    await app.ports.workspaces.clone(repository, head, place)
    return place


async def _required_start(app: App, who: Principal, space: str, workspace: str | None) -> None:
    if workspace is not None or not space:
        require(who, "run.start")
    if space:
        await require_space(app, who, "run.start", space)
