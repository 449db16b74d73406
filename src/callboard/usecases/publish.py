"""Publish definitions: immutable versions whose spawnable agents are pinned."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.definition.references import AgentReference, parse_reference
from callboard.domain.definition.versions import next_patch, parse_version
from callboard.domain.errors import ConfigurationInvalid, DefinitionInvalid, Problem, UnknownThing
from callboard.domain.org.principal import Principal
from callboard.ports.releases import Release
from callboard.usecases.app import App, require

_PUBLISHER = re.compile(r"[a-z0-9-]{1,64}")
_RESERVED = frozenset({"callboard", "codebuff"})


@dataclass(frozen=True, slots=True)
class Publication:
    """What is to be published: definitions, under a publisher's name where they do not say their own."""

    definitions: Sequence[AgentDefinition]
    publisher: str | None = None
    note: str = ""


async def publish_agents(app: App, who: Principal, wish: Publication) -> list[Release]:
    """Publish all of the definitions, or none.

    Raises:
        ConfigurationInvalid: no publisher, several of them, or one that nobody may use.
        DefinitionInvalid: a version that is none, agents that do not exist or spawn one another in a circle.
        VersionTaken: a version is there already, or a later one.
    """
    require(who, "agent.publish")
    publisher = _publisher(wish)
    versions = {one.id: await _version(app, publisher, one) for one in wish.definitions}
    if len(versions) < len(wish.definitions):
        raise ConfigurationInvalid("two of the definitions have the same id; publish one of them")
    pinned = [await _pinned(app, publisher, one, versions) for one in wish.definitions]
    await _refuse_circles(app, pinned)
    now = app.ports.clock.now()
    releases = [
        Release(publisher, one.id, versions[one.id], one.digest, one, who.actor, now, wish.note)
        for one in pinned
    ]
    await app.releases.publish(releases)
    return releases


def _publisher(wish: Publication) -> str:
    if not wish.definitions:
        raise ConfigurationInvalid("nothing to publish: name at least one agent")
    named = {one.publisher or wish.publisher or "" for one in wish.definitions}
    if len(named) > 1:
        listed = ", ".join(sorted(name or "(none)" for name in named))
        raise ConfigurationInvalid(
            f"agents of several publishers at once: {listed}; publish each alone"
        )
    publisher = named.pop()
    if not publisher:
        raise ConfigurationInvalid(
            "a publisher is needed: add `publisher` to the definition, or --publisher"
        )
    if _PUBLISHER.fullmatch(publisher) is None:
        raise ConfigurationInvalid(f"publisher {publisher!r}: use 1 to 64 of a-z, 0-9 and -")
    if publisher in _RESERVED:
        raise ConfigurationInvalid(
            f"publisher {publisher!r} is the shipped agents' own; use another"
        )
    return publisher


async def _version(app: App, publisher: str, definition: AgentDefinition) -> str:
    """Return the version to publish: the definition's own, or the next patch."""
    if definition.version is None:
        known = await app.releases.versions(publisher, definition.id)
        return next_patch(known[0].version if known else None)
    if parse_version(definition.version) is None:
        message = f"{definition.version!r} is not major.minor.patch, as publishing needs it"
        raise DefinitionInvalid([Problem(definition.id, "version", message)])
    return definition.version


async def _pinned(
    app: App, publisher: str, definition: AgentDefinition, versions: Mapping[str, str]
) -> AgentDefinition:
    """Return the definition as published: with its names, and every spawnable agent at one version."""
    references: list[str] = []
    problems: list[Problem] = []
    for index, reference in enumerate(definition.spawnable_agents):
        found = await _pin(app, publisher, reference, versions)
        if found is None:
            message = f"{reference!r} is neither published nor part of this publication"
            problems.append(Problem(definition.id, f"spawnableAgents.{index}", message))
        else:
            references.append(found)
    if problems:
        raise DefinitionInvalid(problems)
    return definition.model_copy(
        update={
            "publisher": publisher,
            "version": versions[definition.id],
            "spawnable_agents": tuple(references),
        }
    )


async def _pin(app: App, publisher: str, reference: str, versions: Mapping[str, str]) -> str | None:
    wanted = parse_reference(reference)
    if wanted is None:
        return None
    if wanted.publisher in _RESERVED:
        known = await app.ports.registry.get(f"callboard/{wanted.id}")
        return reference if known is not None else None
    owner = wanted.publisher or publisher
    mine = versions.get(wanted.id) if owner == publisher else None
    if mine is not None and wanted.version in (None, "latest", mine):
        return str(AgentReference(wanted.id, publisher, mine))
    release = await app.releases.find(wanted.id, publisher=owner, version=wanted.version)
    if release is not None:
        return release.reference
    shipped = wanted.publisher is None and await app.ports.registry.get(f"callboard/{wanted.id}")
    return f"callboard/{wanted.id}" if shipped else None


async def _refuse_circles(app: App, pinned: Sequence[AgentDefinition]) -> None:
    """Refuse agents that could spawn one another without end.

    Raises:
        DefinitionInvalid: some do; names the way round.
    """
    new = {f"{one.publisher}/{one.id}@{one.version}": one.spawnable_agents for one in pinned}
    for start in new:
        todo: list[tuple[str, ...]] = [(start,)]
        seen: set[str] = set()
        while todo:
            path = todo.pop()
            for reference in new.get(path[-1]) or await _published(app, path[-1]):
                if reference == start:
                    way = " → ".join((*path, start))
                    raise DefinitionInvalid(
                        [Problem(start, "spawnableAgents", f"leads back to itself: {way}")]
                    )
                if reference not in seen:
                    seen.add(reference)
                    todo.append((*path, reference))


async def _published(app: App, reference: str) -> tuple[str, ...]:
    wanted = parse_reference(reference)
    if wanted is None or wanted.publisher in _RESERVED:
        return ()
    release = await app.releases.find(wanted.id, publisher=wanted.publisher, version=wanted.version)
    return release.definition.spawnable_agents if release is not None else ()


async def yank_release(app: App, who: Principal, reference: str) -> None:
    """Take a release out of circulation: nobody gets it by default any more, who names its version does.

    Raises:
        ConfigurationInvalid: the reference is not publisher/id@version.
        UnknownThing: there is no such release.
    """
    require(who, "agent.publish")
    wanted = parse_reference(reference)
    if wanted is None or not wanted.publisher or not wanted.version:
        raise ConfigurationInvalid(f"{reference!r}: name the release as publisher/id@version")
    if not await app.releases.yank(wanted.publisher, wanted.id, wanted.version):
        raise UnknownThing(f"{reference} is not published (see `callboard agents list`)")


async def released(app: App, who: Principal) -> list[Release]:
    """Return the latest release of each agent."""
    require(who, "run.read")
    return await app.releases.latest()
