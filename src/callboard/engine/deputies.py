"""Deciding in somebody's place: it counts where both could have a say, and opens nothing to either."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from callboard.domain.actor import Actor
from callboard.domain.events.gate import ApprovalGiven, GateOpened, Verdict
from callboard.domain.message import JsonObject
from callboard.domain.org.principal import Principal, in_space
from callboard.engine.approvals import objection
from callboard.engine.authority import held_roles, may


def objection_to_deputy(
    gate: GateOpened,
    given: Sequence[ApprovalGiven],
    deputy: Actor,
    person: Actor,
    verdict: Verdict,
    *,
    arguments: JsonObject | None = None,
    roles: AbstractSet[str] = frozenset(),
) -> str:
    """Return why a deputy's decision does not count at a gate; nothing where it does.

    The right is the person's (`roles` are those that the person holds), so whatever speaks against the person
    speaks against the deputy. What speaks against the deputy alone (they had a hand in the work, started the
    run, approved already) stays in force: nobody gets round it by standing in for somebody else.
    """
    against = objection(gate, given, person, verdict, arguments, roles=roles)
    return against or objection(_for_anybody(gate), given, deputy, verdict, arguments)


def counts_here(
    gate: GateOpened,
    given: Sequence[ApprovalGiven],
    principal: Principal,
    authority: Principal,
    space: str,
) -> bool:
    """Return whether somebody's approval, or answer, counts at a gate in a space: by their own right, or by that of
    whom they stand in for.
    """
    place = in_space(space)
    if not may(authority, "gate.decide", place) or not may(principal, "run.read", place):
        return False
    roles = held_roles(authority, space)
    verdict: Verdict = "answer" if gate.reason == "input_required" else "approve"
    if authority.actor == principal.actor:
        return not objection(gate, given, principal.actor, verdict, roles=roles)
    deputy, person = principal.actor, authority.actor
    return not objection_to_deputy(gate, given, deputy, person, verdict, roles=roles)


def _for_anybody(gate: GateOpened) -> GateOpened:
    """Return a gate without the names of those who may approve."""
    approvers = gate.approvers
    if approvers is not None:
        approvers = approvers.model_copy(update={"people": ()})
    return gate.model_copy(update={"approvers": approvers, "roles": ()})
