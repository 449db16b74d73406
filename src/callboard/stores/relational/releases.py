"""Published definitions in the same file as the log."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from pydantic import ValidationError

from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import LogCorrupt
from callboard.domain.events.codec import timestamp
from callboard.ports.releases import Release
from callboard.stores.relational.access import Access
from callboard.stores.relational.session import Session
from callboard.stores.release_rules import check_successor, chosen, latest_of_each, version_key


class StoredReleases:
    """`callboard.ports.releases.Releases`; shares the event store's connections."""

    def __init__(self, access: Access) -> None:
        self._sql = access.sql
        self._writer = access.writer
        self._readers = access.readers

    async def publish(self, releases: Sequence[Release]) -> None:
        """See `ports.releases.Releases`."""
        await self._writer.submit(partial(_publish, releases=releases))

    async def find(
        self, agent_id: str, *, publisher: str | None = None, version: str | None = None
    ) -> Release | None:
        """See `ports.releases.Releases`."""
        found = await self._query(self._sql.RELEASES_BY_ID, {"agent": agent_id})
        return chosen(found, publisher, version)

    async def versions(self, publisher: str, agent_id: str) -> list[Release]:
        """See `ports.releases.Releases`."""
        return await self._query(self._sql.RELEASES_OF, {"publisher": publisher, "agent": agent_id})

    async def latest(self) -> list[Release]:
        """See `ports.releases.Releases`."""
        return latest_of_each(await self._query(self._sql.RELEASES, {}))

    async def yank(self, publisher: str, agent_id: str, version: str) -> bool:
        """See `ports.releases.Releases`."""
        named = {"publisher": publisher, "agent": agent_id, "version": version}
        return await self._writer.submit(
            lambda session: session.execute(session.sql.YANK, named).rowcount > 0
        )

    async def _query(self, statement: str, named: dict[str, str]) -> list[Release]:
        def query(session: Session) -> list[Release]:
            return [_release(record) for record in session.execute(statement, named)]

        return await self._readers.run(query)


def _publish(session: Session, releases: Sequence[Release]) -> None:
    """Every refusal comes before the first write."""
    for release in releases:
        named = {"publisher": release.publisher, "agent": release.id}
        known = [_release(record) for record in session.execute(session.sql.RELEASES_OF, named)]
        check_successor(release, known)
    session.executemany(session.sql.RELEASE_AGENT, [_columns(release) for release in releases])


def _columns(release: Release) -> dict[str, object]:
    major, minor, patch = version_key(release.version)
    return {
        "publisher": release.publisher,
        "agent": release.id,
        "version": release.version,
        "major": major,
        "minor": minor,
        "patch": patch,
        "digest": release.digest,
        "definition": release.definition.model_dump_json(by_alias=True).encode(),
        "actor_kind": release.actor.kind,
        "actor_name": release.actor.name,
        "published_at": timestamp(release.published_at),
        "note": release.note,
        "yanked": release.yanked,
    }


def _release(record: tuple[Any, ...]) -> Release:
    publisher, agent, version, _, _, _, digest, definition, kind, name, at, note, yanked = record
    try:
        return Release(
            publisher,
            agent,
            version,
            digest,
            AgentDefinition.model_validate_json(definition),
            Actor(kind=kind, name=name),
            datetime.fromisoformat(at),
            note,
            bool(yanked),
        )
    except (ValidationError, ValueError) as error:
        reference = f"{publisher}/{agent}@{version}"
        raise LogCorrupt(f"release {reference} is not readable ({error})") from error
