"""Which stored credential an agent gets."""

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.actor import Actor
from callboard.domain.credential import ORG, Credential, Scope, parse_scope, provider_named
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import ConfigurationInvalid
from callboard.engine.credentials import Asker, applies, asker_of, for_provider, named

ANN = Actor(kind="person", name="ann")
NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
REVIEWER = Asker("reviewer", "web")


def credential(name="work", scope="org", provider="openai"):
    found = parse_scope(scope)
    assert found is not None
    return Credential(name, found, provider, 1, ANN, NOW)


scopes = st.sampled_from(
    ["org", "space:web", "space:other", "agent:reviewer", "agent:other", "agent:acme/reviewer"]
)
stored = st.lists(
    st.builds(
        credential,
        st.sampled_from(["work", "play", "openai"]),
        scopes,
        st.sampled_from(["openai", "gemini"]),
    ),
    unique_by=lambda each: (each.name, each.scope),
)
askers = st.builds(
    Asker,
    st.sampled_from(["reviewer", "other", "acme/reviewer", "evil/reviewer"]),
    st.sampled_from([None, "web"]),
)


@given(stored=stored, asker=askers, name=st.sampled_from(["work", "play"]))
def test_no_agent_ever_gets_what_is_for_another_agent_or_space(stored, asker, name):
    for choose in (
        lambda: named(stored, name, asker),
        lambda: for_provider(stored, "openai", asker),
    ):
        try:
            found = choose()
        except ConfigurationInvalid:
            continue
        if found is not None:
            theirs = {"org": "", "agent": asker.agent, "space": asker.space}
            assert found.scope.name == theirs[found.scope.kind]


@given(stored=stored, asker=askers)
def test_nothing_that_applies_is_nearer_than_what_is_chosen(stored, asker):
    order = ["agent", "space", "org"]
    try:
        found = named(stored, "work", asker)
    except ConfigurationInvalid:
        assert not [each for each in stored if each.name == "work" and applies(each, asker)]
        return
    rivals = [each for each in stored if each.name == "work" and applies(each, asker)]
    assert order.index(found.scope.kind) == min(order.index(each.scope.kind) for each in rivals)


def test_the_agent_comes_before_the_space_and_that_before_everybody():
    mine, ours, all_ = (credential(scope=scope) for scope in ("agent:reviewer", "space:web", "org"))
    for choose in (
        lambda given: named(given, "work", REVIEWER),
        lambda given: for_provider(given, "openai", REVIEWER),
    ):
        assert choose([all_, ours, mine]) == mine
        assert choose([all_, ours]) == ours
        assert choose([all_]) == all_


def test_a_missing_one_says_how_to_store_it():
    with pytest.raises(ConfigurationInvalid, match="callboard credentials set work --provider"):
        named([], "work", REVIEWER)


def test_one_that_is_for_somebody_else_is_named_as_such():
    with pytest.raises(ConfigurationInvalid, match="stored for agent:other only"):
        named([credential(scope="agent:other")], "work", REVIEWER)


def test_of_several_equally_near_the_one_named_like_the_provider_is_meant():
    usual, special = credential("openai"), credential("special")
    assert for_provider([special, usual], "openai", REVIEWER) == usual
    with pytest.raises(ConfigurationInvalid, match=r"several.*special, work"):
        for_provider([special, credential()], "openai", REVIEWER)
    nearer = credential(scope="agent:reviewer")
    assert for_provider([special, credential("other"), nearer], "openai", REVIEWER) == nearer


def test_agents_of_two_publishers_are_two_agents():
    plain = AgentDefinition(id="reviewer", display_name="R", model="a/b")
    theirs = plain.model_copy(update={"publisher": "evil"})
    mine = credential(scope="agent:reviewer")
    assert for_provider([mine], "openai", asker_of(plain)) == mine
    assert for_provider([mine], "openai", asker_of(theirs)) is None
    named_so = credential(scope="agent:evil/reviewer")
    assert for_provider([named_so], "openai", asker_of(theirs)) == named_so


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("org", ORG),
        ("space:web-team", Scope("space", "web-team")),
        ("agent:reviewer", Scope("agent", "reviewer")),
        ("agent:acme/reviewer", Scope("agent", "acme/reviewer")),
    ],
)
def test_scopes_are_read_as_they_are_written(text, scope):
    assert parse_scope(text) == scope
    assert str(scope) == text


@given(st.sampled_from(["", "org:", "ORG", "agent:", "agent:Big", "space:", "space:a b", "user:x"]))
def test_what_is_no_scope_is_none(text):
    assert parse_scope(text) is None


def test_a_provider_has_one_name():
    names = ["Google", "gemini", "OpenAI", "our-server"]
    assert [provider_named(name) for name in names] == ["gemini", "gemini", "openai", "our-server"]
