"""Who may store what, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.actor import Actor
from callboard.domain.credential import ORG, Scope
from callboard.domain.errors import ConfigurationInvalid, UnknownThing
from callboard.domain.org.principal import as_owner
from callboard.engine.secret_values import MASK, is_mask, value_problem
from callboard.testing.model import ScriptedProvider
from callboard.testing.rig import ANN, BEN, rig
from callboard.usecases.app import NotAllowed
from callboard.usecases.credentials import (
    list_credentials,
    new_grant,
    remove_credential,
    rotate_credential,
    set_credential,
)

pytestmark = pytest.mark.anyio

VALUE = "sk-canary-of-the-use-cases"
GRANT = new_grant("work", "openai")


@pytest.fixture
def app():
    return rig(ScriptedProvider({}))


async def value_of(app, number=0):
    return (await app.vault.secret_for((await app.vault.list())[number])).get_secret_value()


@pytest.mark.parametrize("kind", ["agent", "system", "schedule", "integration"])
async def test_only_a_person_manages_credentials(app, kind):
    await set_credential(app, as_owner(ANN), GRANT, VALUE)
    actor = Actor(kind=kind, name="x")
    for attempt in (
        set_credential(app, as_owner(actor), GRANT, "sk-other-value"),
        rotate_credential(app, as_owner(actor), "work", None, "sk-other-value"),
        remove_credential(app, as_owner(actor), "work", None),
    ):
        with pytest.raises(NotAllowed):
            await attempt
    assert await value_of(app) == VALUE


async def test_an_agent_does_not_even_see_which_there_are(app):
    with pytest.raises(NotAllowed):
        await list_credentials(app, as_owner(Actor(kind="agent", name="x")))


MASKS = (
    MASK, "****", "***", "sk-…****", "sk-****abcd", "sk-...abcd", "•••", "●●●●●●", "xxxxxxxx", "…",
    "[redacted]", "<hidden>", "(masked)", "sk-XXXXXXXX",
)  # fmt: skip


@pytest.mark.parametrize("mask", MASKS)
async def test_a_mask_that_is_written_back_changes_nothing(app, mask):
    before = (await set_credential(app, as_owner(ANN), GRANT, VALUE)).credential
    moved = new_grant("work", "openai", base_url="https://thief.test/v1")
    for attempt in (
        set_credential(app, as_owner(BEN), GRANT, mask),
        set_credential(app, as_owner(BEN), moved, mask),
        rotate_credential(app, as_owner(BEN), "work", None, mask),
    ):
        stored = await attempt
        assert (stored.changed, stored.credential) == (False, before)
    assert await list_credentials(app, as_owner(ANN)) == [before]
    assert await value_of(app) == VALUE


async def test_a_mask_of_nothing_is_refused(app):
    with pytest.raises(ConfigurationInvalid, match="mask"):
        await set_credential(app, as_owner(ANN), GRANT, "****")
    assert await list_credentials(app, as_owner(ANN)) == []


@given(
    st.from_regex(
        r"(sk-|sk-or-v1-|sk-ant-api03-|AIza|gsk_|)[A-Za-z0-9_-]{20,80}[A-Z][a-w0-9]", fullmatch=True
    )
)
def test_real_keys_are_no_masks(key):
    assert not is_mask(key)
    assert value_problem(key) is None


@pytest.mark.parametrize("value", ["", "sh0rt", "two\nlines of it", "bell\x07bell", "y" * 16_385])
async def test_a_value_that_cannot_be_used_is_refused_without_repeating_it(app, value):
    with pytest.raises(ConfigurationInvalid, match="cannot be stored") as refused:
        await set_credential(app, as_owner(ANN), GRANT, value)
    assert not value or value not in str(refused.value)
    assert await list_credentials(app, as_owner(ANN)) == []


@pytest.mark.parametrize(
    ("name", "provider", "scope", "base_url", "complaint"),
    [
        ("a b", "openai", "org", None, "name"),
        ("", "openai", "org", None, "name"),
        ("sk-proj-abcdefghijklmnop", "openai", "org", None, "history"),
        ("work", "open ai", "org", None, "--provider"),
        ("work", "openai", "team:x", None, "--scope"),
        ("work", "openai", "agent:", None, "--scope"),
        ("work", "self-hosted", "org", None, "--base-url"),
        ("work", "openai", "org", "ftp://models.test", "--base-url"),
        ("work", "openai", "org", "models.test/v1", "--base-url"),
        ("work", "openai", "org", "http://", "--base-url"),
        ("work", "openai", "org", "http://[::1", "--base-url"),
        ("work", "openai", "org", "https://ann:pw@models.test", "user, password"),
        ("work", "openai", "org", "https://models.test?key=1", "user, password"),
    ],
)
async def test_what_is_wrong_with_a_wish_is_named(name, provider, scope, base_url, complaint):
    with pytest.raises(ConfigurationInvalid, match=complaint) as refused:
        new_grant(name, provider, scope, base_url)
    assert "sk-proj" not in str(refused.value)
    assert ":pw@" not in str(refused.value)


async def test_a_wish_is_read_as_it_is_meant():
    grant = new_grant("work", "Google", "agent:acme/reviewer", "https://models.test/v1/")
    assert (grant.provider, grant.scope) == ("gemini", Scope("agent", "acme/reviewer"))
    assert grant.base_url == "https://models.test/v1"


async def test_the_scope_may_be_left_out_where_a_name_is_stored_once(app):
    await set_credential(app, as_owner(ANN), GRANT, VALUE)
    await set_credential(app, as_owner(ANN), new_grant("one", "openai", "agent:one"), VALUE)
    stored = await rotate_credential(app, as_owner(ANN), "one", None, "sk-the-next-value")
    assert (stored.credential.version, str(stored.credential.scope)) == (2, "agent:one")
    await set_credential(app, as_owner(ANN), new_grant("work", "openai", "agent:one"), VALUE)
    for attempt in (
        rotate_credential(app, as_owner(ANN), "work", None, "sk-the-next-value"),
        remove_credential(app, as_owner(ANN), "work", None),
    ):
        with pytest.raises(ConfigurationInvalid, match=r"org.*--scope|--scope"):
            await attempt
    removed = await remove_credential(app, as_owner(ANN), "work", ORG)
    assert str(removed) == "work (org)"
    assert [str(each) for each in await list_credentials(app, as_owner(ANN))] == [
        "one (agent:one)",
        "work (agent:one)",
    ]


async def test_what_is_not_there_is_neither_rotated_nor_removed(app):
    await set_credential(app, as_owner(ANN), GRANT, VALUE)
    with pytest.raises(UnknownThing, match="credentials list"):
        await rotate_credential(app, as_owner(ANN), "play", None, VALUE)
    with pytest.raises(UnknownThing, match="there is one for org"):
        await remove_credential(app, as_owner(ANN), "work", Scope("agent", "one"))
