"""Taking a team out as files, and bringing it in again: nothing is changed before the difference is seen."""

from dataclasses import dataclass

from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.org.bundle import (
    Bundle,
    BundledTemplate,
    Lock,
    LockedAgent,
    LockedTemplate,
    LockedWorkflow,
)
from callboard.domain.org.principal import Principal
from callboard.domain.org.role_template import OWN_TEMPLATES, template_digest
from callboard.usecases.app import App
from callboard.usecases.incoming import (
    ImportWish,
    Incoming,
    planned_import,
    refuse_secrets_in,
)
from callboard.usecases.recording import write
from callboard.usecases.roster import refuse_secrets
from callboard.usecases.roster_reading import list_roster, require_reading
from callboard.usecases.workflows import (
    digest_of,
    list_workflows,
)


@dataclass(frozen=True, slots=True)
class Import:
    """What an import changes, or changed. `edited` are the files that are not what the lock says."""

    incoming: tuple[Incoming, ...]
    edited: tuple[str, ...]
    applied: bool = False


async def export_team(app: App, who: Principal) -> Bundle:
    """Return the agents of the roster (but those retired) and the workflows that somebody sees, as definitions
    and a lock. Credentials are in it by name only.

    Raises:
        ConfigurationInvalid: something in it looks like a secret; names where, never what.
    """
    require_reading(who)
    listed = [one for one in await list_roster(app, who) if one.agent.state != "retired"]
    flows = [one for one in await list_workflows(app, who) if one.version is not None]
    own = [kept.value for kept in await app.records.find(OWN_TEMPLATES)]
    for definition in (
        *(one.version.definition for one in listed),
        *(one.definition for one in own),
    ):
        refuse_secrets(definition)
    for flow in flows:
        refuse_secrets_in(flow.definition)
    lock = Lock(
        agents={
            one.agent.id: LockedAgent(
                version=one.version.number,
                digest=one.version.digest,
                state=one.agent.state,
                spaces=one.agent.spaces,
                at_once=one.agent.at_once,
                model=one.version.definition.model,
                skills=one.version.definition.skills,
            )
            for one in listed
        },
        workflows={
            flow.definition.id: LockedWorkflow(
                version=flow.version or 1, digest=digest_of(flow.definition), space=flow.space
            )
            for flow in flows
        },
        templates={one.id: LockedTemplate(digest=one.digest) for one in own},
        models=tuple(sorted({one.version.definition.model for one in listed})),
    )
    agents = {one.agent.id: one.version.definition for one in listed}
    workflows = {flow.definition.id: flow.definition for flow in flows}
    templates = {one.id: BundledTemplate(one.definition, one.task) for one in own}
    return Bundle(agents, workflows, lock, templates)


async def show_import(app: App, who: Principal, wish: ImportWish) -> Import:
    """Return what an import would change.

    Raises:
        ConfigurationInvalid: a definition holds a secret, or a workflow is somebody else's.
        NotAllowed: they do not manage what it would change.
        UnknownThing: a space is not there.
    """
    require_reading(who)
    found, _ = await planned_import(app, who, wish)
    return Import(found, _edited(wish.bundle))


async def import_team(app: App, who: Principal, wish: ImportWish) -> Import:
    """Bring everything in, or nothing: new versions of agents, which go live where they were, and of workflows.

    Raises:
        ConfigurationInvalid: files are not what the lock says and that is not meant, a definition holds a secret, or a
            workflow is somebody else's.
        NotAllowed: they do not manage what it changes, or not make it live.
        UnknownThing: a space is not there.
        RecordConflict: somebody else changed something of it meanwhile.
    """
    require_reading(who)
    edited = _edited(wish.bundle)
    if edited and not wish.edited:
        raise ConfigurationInvalid(
            f"{', '.join(edited)}: not what the lock says. If that is meant, import with --edited"
        )
    found, writes = await planned_import(app, who, wish)
    if writes:
        said = f"import of {len(found)} definitions"
        note = f"{said}: {wish.note}" if wish.note else said
        await write(app, who, "agent.publish", *writes, note=note)
    return Import(found, edited, applied=True)


def _edited(bundle: Bundle) -> tuple[str, ...]:
    """Return the files that are not what the lock says: changed, added or taken away."""
    said = {f"agents/{name}.yaml": one.digest for name, one in bundle.lock.agents.items()}
    said |= {f"workflows/{name}.yaml": one.digest for name, one in bundle.lock.workflows.items()}
    said |= {f"templates/{name}.yaml": one.digest for name, one in bundle.lock.templates.items()}
    found = {f"agents/{name}.yaml": one.digest for name, one in bundle.agents.items()}
    found |= {
        f"templates/{name}.yaml": template_digest(one.definition, one.task)
        for name, one in bundle.templates.items()
    }
    found |= {f"workflows/{name}.yaml": digest_of(one) for name, one in bundle.workflows.items()}
    names = sorted(said.keys() | found.keys())
    return tuple(name for name in names if said.get(name) != found.get(name))
