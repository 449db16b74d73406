"""Budgets in the same file as the log: every reservation is one transaction of the one writer."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from callboard.domain.usage import NANO
from callboard.engine.budgets import (
    Exhausted,
    Granted,
    Occupied,
    Standing,
    Wanted,
    admit,
    settled,
)
from callboard.ports.budgets import Account
from callboard.stores.relational.access import Access
from callboard.stores.relational.known_names import KnownNames
from callboard.stores.relational.owners import Owners
from callboard.stores.relational.session import Session


class StoredBudgets:
    """`callboard.ports.budgets.Budgets`; shares the event store's connections."""

    def __init__(self, access: Access, owners: Owners) -> None:
        self._writer = access.writer
        self._readers = access.readers
        self._owners = owners
        self._known = KnownNames(self._names)

    async def limited(self, names: Sequence[str]) -> tuple[str, ...]:
        """See `ports.budgets.Budgets`."""
        return await self._known.among(names)

    async def reserve(
        self, key: str, path: Sequence[Account], wanted: Wanted
    ) -> Granted | Exhausted | Occupied:
        """See `ports.budgets.Budgets`."""
        ask = _Ask(key, tuple(path), wanted)
        return await self._writer.submit(partial(_reserve, ask=ask, owners=self._owners))

    async def settle(self, key: str, cost_usd: Decimal | None) -> None:
        """See `ports.budgets.Budgets`."""
        await self._writer.submit(partial(_settle, key=key, cost_usd=cost_usd))

    async def set_limit(self, name: str, limit_usd: Decimal) -> None:
        """See `ports.budgets.Budgets`."""
        row = {"account": name, "limit_nano": _nano(limit_usd), "spent_nano": 0, "reserved_nano": 0}
        await self._writer.submit(lambda session: session.execute(session.sql.SET_BUDGET, row))
        self._known.forget()

    async def remove_limit(self, name: str) -> bool:
        """See `ports.budgets.Budgets`."""
        self._known.forget()
        return await self._writer.submit(
            lambda session: session.execute(session.sql.REMOVE_BUDGET, {"name": name}).rowcount > 0
        )

    async def standings(self) -> list[Standing]:
        """See `ports.budgets.Budgets`."""
        return await self._readers.run(
            lambda session: [_standing(row) for row in session.execute(session.sql.EVERY_BUDGET)]
        )

    async def _names(self) -> list[str]:
        return [one.account for one in await self.standings()]


@dataclass(frozen=True, slots=True)
class _Ask:
    key: str
    path: tuple[Account, ...]
    wanted: Wanted

    @property
    def names(self) -> str:
        return json.dumps([account.name for account in self.path])


def _reserve(session: Session, ask: _Ask, owners: Owners) -> Granted | Exhausted | Occupied:
    if session.doubtful and (held := _held(session, ask.key, owners.name)) is not None:
        return Granted(held)
    _settle(session, ask.key, None)
    for account in ask.path:
        if account.limit_usd is not None:
            limit = _nano(account.limit_usd)
            row = {
                "account": account.name,
                "limit_nano": limit,
                "spent_nano": 0,
                "reserved_nano": 0,
            }
            session.execute(session.sql.OPEN_BUDGET, row)
    said = admit(_standings(session, ask.names), ask.wanted)
    if isinstance(said, Occupied) and _free_the_dead(session, ask.names, owners):
        said = admit(_standings(session, ask.names), ask.wanted)
    if isinstance(said, Granted):
        _hold(session, ask, said.amount_usd, owners.name)
    return said


def _held(session: Session, key: str, us: str) -> Decimal | None:
    """Return what this process has reserved for a call already."""
    found = session.execute(session.sql.RESERVED_BY_US, {"key": key, "us": us}).fetchone()
    return None if found is None else Decimal(found[0]) * NANO


def _hold(session: Session, ask: _Ask, amount_usd: Decimal, us: str) -> None:
    for standing in _standings(session, ask.names):
        reserved = standing.reserved_usd + amount_usd
        _move(session, standing.account, standing.spent_usd, reserved)
        row = {"reservation_key": ask.key, "account": standing.account, "owner": us}
        session.execute(session.sql.RESERVE, row | {"amount_nano": _nano(amount_usd)})


def _free_the_dead(session: Session, names: str, owners: Owners) -> bool:
    """Settle what processes that died had reserved; return whether there was anything."""
    others = {"names": names, "us": owners.name}
    held = session.execute(session.sql.RESERVED_BY_OTHERS, others).fetchall()
    alive = {name: owners.is_alive(session, name) for _, name in held}
    dead = [key for key, name in held if not alive[name]]
    for key in dead:
        _settle(session, key, None)
    return bool(dead)


def _settle(session: Session, key: str, cost_usd: Decimal | None) -> None:
    held = dict(session.execute(session.sql.RESERVED, {"key": key}).fetchall())
    if not held:
        return
    for standing in _standings(session, json.dumps(list(held))):
        after = settled(standing, held[standing.account] * NANO, cost_usd)
        _move(session, after.account, after.spent_usd, after.reserved_usd)
    session.execute(session.sql.UNRESERVE, {"key": key})


def _standings(session: Session, names: str) -> list[Standing]:
    return [_standing(row) for row in session.execute(session.sql.BUDGETS, {"names": names})]


def _standing(row: Sequence[object]) -> Standing:
    account, limit, spent, reserved = row
    return Standing(
        str(account),
        *(Decimal(str(amount)) * NANO for amount in (limit, spent, reserved)),
    )


def _move(session: Session, name: str, spent: Decimal, reserved: Decimal) -> None:
    moved = {"name": name, "spent_nano": _nano(spent), "reserved_nano": _nano(reserved)}
    session.execute(session.sql.MOVE_BUDGET, moved)


def _nano(amount_usd: Decimal) -> int:
    return int(amount_usd.scaleb(9).to_integral_value())
