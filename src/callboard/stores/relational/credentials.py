"""Sealed credentials in the same file as the log."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from callboard.domain.actor import Actor
from callboard.domain.credential import Credential, Scope, parse_scope
from callboard.domain.errors import LogCorrupt
from callboard.domain.events.codec import timestamp
from callboard.ports.vault import SealedCredential
from callboard.stores.relational.access import Access
from callboard.stores.relational.session import Session


class StoredSealedCredentials:
    """`callboard.ports.vault.SealedCredentials`; shares the event store's connections."""

    def __init__(self, access: Access) -> None:
        self._sql = access.sql
        self._writer = access.writer
        self._readers = access.readers

    async def put(self, sealed: SealedCredential, *, replacing: int | None) -> bool:
        """See `ports.vault.SealedCredentials`."""
        statement = self._sql.ADD_CREDENTIAL if replacing is None else self._sql.REPLACE_CREDENTIAL
        return await self._change(statement, _columns(sealed) | {"replacing": replacing})

    async def find(self, name: str, scope: Scope) -> SealedCredential | None:
        """See `ports.vault.SealedCredentials`."""
        found = await self._query(self._sql.CREDENTIAL, {"name": name, "scope": str(scope)})
        return found[0] if found else None

    async def all(self) -> Sequence[SealedCredential]:
        """See `ports.vault.SealedCredentials`."""
        return await self._query(self._sql.CREDENTIALS, {})

    async def rewrap(
        self, before: Sequence[SealedCredential], after: Sequence[SealedCredential]
    ) -> bool:
        """See `ports.vault.SealedCredentials`."""
        expected = {_place(each): each.wrapped_key for each in before}
        changes = [_columns(each) for each in after]

        def work(session: Session) -> bool:
            found = [_sealed(record) for record in session.execute(session.sql.CREDENTIALS)]
            if {_place(each): each.wrapped_key for each in found} != expected:
                return False
            session.executemany(session.sql.REWRAP_CREDENTIAL, changes)
            return True

        return await self._writer.submit(work)

    async def used(self, credential: Credential, at: datetime) -> None:
        """See `ports.vault.SealedCredentials`."""
        named = {"name": credential.name, "scope": str(credential.scope)}
        times = {"version": credential.version, "last_used_at": timestamp(at)}
        await self._change(self._sql.CREDENTIAL_USED, named | times)

    async def remove(self, name: str, scope: Scope) -> bool:
        """See `ports.vault.SealedCredentials`."""
        return await self._change(self._sql.REMOVE_CREDENTIAL, {"name": name, "scope": str(scope)})

    async def _change(self, statement: str, named: Mapping[str, object]) -> bool:
        return await self._writer.submit(
            lambda session: session.execute(statement, named).rowcount > 0
        )

    async def _query(self, statement: str, named: Mapping[str, str]) -> list[SealedCredential]:
        def query(session: Session) -> list[SealedCredential]:
            return [_sealed(record) for record in session.execute(statement, named)]

        return await self._readers.run(query)


def _place(sealed: SealedCredential) -> tuple[str, str]:
    return sealed.credential.name, str(sealed.credential.scope)


def _columns(sealed: SealedCredential) -> dict[str, object]:
    facts = sealed.credential
    return {
        "name": facts.name,
        "scope": str(facts.scope),
        "provider": facts.provider,
        "base_url": facts.base_url,
        "version": facts.version,
        "wrapped_key": sealed.wrapped_key,
        "ciphertext": sealed.ciphertext,
        "actor_kind": facts.actor.kind,
        "actor_name": facts.actor.name,
        "created_at": timestamp(facts.created_at),
        "rotated_at": _optional(facts.rotated_at),
        "last_used_at": _optional(facts.last_used_at),
    }


def _sealed(record: tuple[Any, ...]) -> SealedCredential:
    name, scope, provider, base_url, version, wrapped_key, ciphertext = record[:7]
    kind, actor, created_at, rotated_at, last_used_at = record[7:]
    known = parse_scope(str(scope))
    if known is None:
        raise LogCorrupt(f"credential {name}: its scope {scope!r} is not readable")
    try:
        facts = Credential(
            name=name,
            scope=known,
            provider=provider,
            version=int(version),
            actor=Actor(kind=kind, name=actor),
            created_at=datetime.fromisoformat(created_at),
            base_url=base_url,
            rotated_at=_time(rotated_at),
            last_used_at=_time(last_used_at),
        )
        return SealedCredential(facts, bytes(wrapped_key), bytes(ciphertext))
    except (ValidationError, ValueError, TypeError) as error:
        raise LogCorrupt(f"credential {name} ({scope}) is not readable ({error})") from error


def _optional(time: datetime | None) -> str | None:
    return None if time is None else timestamp(time)


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
