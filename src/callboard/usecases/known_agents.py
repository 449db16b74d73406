"""The agents that there are to run."""

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.org.principal import Principal
from callboard.usecases.app import App, seen_spaces
from callboard.usecases.roster_reading import list_roster
from callboard.usecases.start_run import find_agent


async def list_agents(app: App, who: Principal) -> tuple[AgentDefinition, ...]:
    """Return the agents that can be run, sorted by id."""
    seen_spaces(who, "agent.read")
    return await app.ports.registry.all()


async def show_agent(app: App, who: Principal, reference: str) -> AgentDefinition:
    """Return an agent by reference.

    Raises:
        UnknownThing: there is none.
    """
    seen_spaces(who, "agent.read")
    return await find_agent(app, reference)


async def agents_using(app: App, who: Principal) -> dict[str, list[str]]:
    """Return the agents of the roster by the credential that their versions of now name, as far as somebody sees them."""
    seen_spaces(who, "agent.read")
    found: dict[str, list[str]] = {}
    for listed in await list_roster(app, who):
        credential = listed.version.definition.credential
        if credential is not None and listed.agent.state != "retired":
            found.setdefault(credential, []).append(listed.agent.id)
    return found
