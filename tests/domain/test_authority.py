"""Who may do what: the laws that hold for every action, role and scope."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.actor import Actor
from callboard.domain.org.principal import ORGANISATION, Principal, belonging_to, in_space
from callboard.domain.org.roles import ORG_ROLES, SPACE_ROLES
from callboard.engine.authority import (
    NEEDS,
    Action,
    in_scope,
    may,
    may_grant,
    may_grant_in,
    may_grant_scope,
)

ANN = Actor(kind="person", name="ann")
ROBOT = Actor(kind="integration", name="ann")

actions = st.sampled_from(sorted(NEEDS))
org_roles = st.sampled_from([None, *ORG_ROLES])
space_roles = st.sampled_from([None, *SPACE_ROLES])
scopes = st.none() | st.frozensets(
    st.sampled_from(["*", "run.*", "*.read", "task.manage", "gate.decide", "nonsense"])
)
kinds = st.sampled_from(["person", "integration", "schedule", "system", "agent"])


@st.composite
def principals(draw):
    held = draw(space_roles)
    return Principal(
        Actor(kind=draw(kinds), name="ann"),
        draw(org_roles),
        {} if held is None else {"shop": held},
        draw(scopes),
    )


resources = st.sampled_from([ORGANISATION, in_space("shop"), in_space("auth"), belonging_to(ANN)])


def test_every_action_has_a_need():
    assert set(NEEDS) == set(get_args(Action))


@given(principals(), actions, resources)
def test_an_agent_may_do_nothing_by_itself(principal, action, resource):
    if principal.actor.kind == "agent":
        assert not may(principal, action, resource)


@given(principals(), actions, resources)
def test_nobody_without_a_role_may_do_anything_but_on_what_is_their_own(
    principal, action, resource
):
    stranger = Principal(principal.actor, scopes=principal.scopes)
    if may(stranger, action, resource):
        assert NEEDS[action].own
        assert resource.owner == principal.actor


@given(principals(), actions, resources, st.data())
def test_a_higher_role_never_takes_anything_away(principal, action, resource, data):
    higher_org = [None, *ORG_ROLES][[None, *ORG_ROLES].index(principal.role) :]
    held = principal.spaces.get("shop")
    higher_space = [None, *SPACE_ROLES][[None, *SPACE_ROLES].index(held) :]
    role = data.draw(st.sampled_from(higher_space))
    raised = Principal(
        principal.actor,
        data.draw(st.sampled_from(higher_org)),
        {} if role is None else {"shop": role},
        principal.scopes,
    )
    if may(principal, action, resource):
        assert may(raised, action, resource)


@given(principals(), actions, resources)
def test_a_tokens_scopes_only_take_away(principal, action, resource):
    without = Principal(principal.actor, principal.role, principal.spaces)
    if may(principal, action, resource):
        assert may(without, action, resource)
        assert in_scope(principal.scopes, action)


@given(principals(), actions)
def test_a_role_in_one_space_is_none_in_another(principal, action):
    if principal.role not in ("owner", "admin") and may(principal, action, in_space("auth")):
        assert NEEDS[action].space is None or principal.role is not None


@given(actions)
def test_owners_may_do_everything_people_may(action):
    assert may(Principal(ANN, role="owner"), action)
    assert may(Principal(ANN, role="owner"), action, in_space("shop"))


@pytest.mark.parametrize(
    "action", ["gate.decide", "people.manage", "member.manage", "credential.manage"]
)
def test_programs_never_decide_or_grant_whatever_their_role(action):
    for kind in ("integration", "schedule", "system"):
        principal = Principal(Actor(kind=kind, name="x"), "owner", {"shop": "maintainer"})
        assert not may(principal, action)
        assert not may(principal, action, in_space("shop"))


@given(principals(), st.sampled_from(ORG_ROLES), st.sampled_from(SPACE_ROLES))
def test_nobody_grants_what_they_lack(principal, org_role, space_role):
    if may_grant(principal, org_role):
        assert ORG_ROLES.index(org_role) <= ORG_ROLES.index(principal.role)
    if may_grant_in(principal, "shop", space_role) and principal.role not in ("owner", "admin"):
        assert SPACE_ROLES.index(space_role) <= SPACE_ROLES.index(principal.spaces["shop"])


@given(scopes, st.sampled_from(["*", "run.*", "*.read", "run.read", "nonsense"]))
def test_a_token_gives_birth_to_none_with_more_scopes(held, scope):
    principal = Principal(ANN, "owner", scopes=held)
    if may_grant_scope(principal, scope):
        for action in NEEDS:
            assert not in_scope(frozenset({scope}), action) or in_scope(held, action)


@pytest.mark.parametrize(
    ("role", "action", "allowed"),
    [
        ("viewer", "run.read", True),
        ("viewer", "run.start", False),
        ("viewer", "task.comment", False),
        ("contributor", "task.manage", True),
        ("contributor", "gate.decide", True),
        ("contributor", "space.manage", False),
        ("maintainer", "space.manage", True),
        ("maintainer", "workflow.manage", True),
        ("maintainer", "space.create", False),
        ("maintainer", "people.manage", False),
    ],
)
def test_what_the_roles_of_a_space_are_for(role, action, allowed):
    principal = Principal(ANN, "member", {"shop": role})
    assert may(principal, action, in_space("shop")) is allowed
