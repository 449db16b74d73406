"""Who is let in: tokens, passwords, sessions, and the link for the first owner."""

import asyncio

import pytest
from argon2 import PasswordHasher

from callboard.domain.actor import Actor
from callboard.domain.errors import (
    ConfigurationInvalid,
    NotSignedIn,
    TooManyAttempts,
    UnknownThing,
)
from callboard.domain.org.access import SESSIONS, SETUP_LINKS, TOKENS, Key, read_key
from callboard.domain.org.people import PEOPLE
from callboard.domain.org.principal import as_owner
from callboard.engine.authority import may
from callboard.engine.throttle import MOST_BY_ADDRESS, MOST_BY_NAME
from callboard.ports.records import AuditWanted
from callboard.testing.clock import PatientClock
from callboard.testing.model import ScriptedProvider
from callboard.testing.passwords import PasswordsContract, PlainPasswords
from callboard.testing.rig import rig
from callboard.usecases.app import NotAllowed
from callboard.usecases.first_owner import FirstOwner, new_setup_link, set_up
from callboard.usecases.people import (
    NewPerson,
    add_person,
    add_service_account,
    change_person,
    principal_of,
)
from callboard.usecases.sessions import (
    Origin,
    end_session,
    list_sessions,
    session_of,
)
from callboard.usecases.signing_in import Claim, set_password, sign_in
from callboard.usecases.tokens import (
    NewToken,
    bearer_of,
    create_token,
    list_tokens,
    revoke_token,
)
from callboard.vault.passwords import Argon2Passwords

pytestmark = pytest.mark.anyio

ROOT = as_owner(Actor(kind="person", name="root"))
HERE = Origin("192.0.2.1", "a browser")
DAY_S = 86_400
PASSWORD = "a long password"


@pytest.fixture
def clock():
    return PatientClock()


@pytest.fixture
def passwords():
    return PlainPasswords()


@pytest.fixture
async def app(clock, passwords):
    made = rig(ScriptedProvider({}), clock=clock, passwords=passwords)
    await add_person(made, ROOT, NewPerson("ann", "Ann", "owner"))
    await add_person(made, ROOT, NewPerson("ben", "Ben"))
    for name in ("ann", "ben"):
        await set_password(made, ROOT, name, PASSWORD)
    yield made
    await made.close()


async def principal(app, name, scopes=None):
    found = await principal_of(app, Actor(kind="person", name=name), scopes)
    assert found is not None
    return found


class TestArgon2(PasswordsContract):
    @pytest.fixture
    def passwords(self):
        return Argon2Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))

    async def test_it_is_argon2id(self, passwords):
        assert (await passwords.hashed("x")).startswith("$argon2id$")


class TestPlain(PasswordsContract):
    pass


# --- tokens


async def test_a_token_acts_as_whoever_created_it_narrowed_to_its_scopes(app):
    ann = await principal(app, "ann")
    issued = await create_token(app, ann, NewToken("ci", ("run.read",)))
    bearer = await bearer_of(app, issued.text)
    assert bearer.actor == ann.actor
    assert may(bearer, "run.read")
    assert not may(bearer, "run.start")


async def test_the_text_of_a_token_is_nowhere_in_the_records(app):
    issued = await create_token(app, await principal(app, "ann"), NewToken("ci", ("*",)))
    key = read_key(issued.text, "cb")
    assert key is not None
    kept = await app.records.get(TOKENS, key.id)
    assert kept is not None
    assert key.secret not in kept.value.model_dump_json()
    entries = await app.records.audit(AuditWanted())
    assert key.secret not in repr(entries)
    assert key.digest not in repr(entries)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "",
        lambda text: "cb_",
        lambda text: text[:-1] + ("a" if text[-1] != "a" else "b"),
        lambda text: text.replace("cb_", "cbs_"),
        lambda text: text + "x",
        lambda text: str(Key("cb", "unknown1", text.rpartition("_")[2].ljust(43, "-"))),
        lambda text: text.upper(),
        lambda text: "cb_run1_ü" + "a" * 43,
    ],
)
async def test_what_is_no_token_is_refused_like_every_other(app, spoil):
    issued = await create_token(app, await principal(app, "ann"), NewToken("ci", ("*",)))
    with pytest.raises(NotSignedIn, match=r"^this token lets nobody in$"):
        await bearer_of(app, spoil(issued.text))


async def test_an_expired_token_is_refused_like_an_unknown_one(app, clock):
    issued = await create_token(app, await principal(app, "ann"), NewToken("ci", ("*",), days=1))
    await bearer_of(app, issued.text)
    clock.advance(DAY_S)
    with pytest.raises(NotSignedIn, match=r"^this token lets nobody in$"):
        await bearer_of(app, issued.text)


async def test_a_revoked_token_is_refused_like_an_unknown_one(app):
    ann = await principal(app, "ann")
    issued = await create_token(app, ann, NewToken("ci", ("*",)))
    await revoke_token(app, ann, issued.token.id)
    await revoke_token(app, ann, issued.token.id)
    with pytest.raises(NotSignedIn, match=r"^this token lets nobody in$"):
        await bearer_of(app, issued.text)


async def test_a_token_of_somebody_who_left_is_refused_like_an_unknown_one(app):
    issued = await create_token(app, await principal(app, "ben"), NewToken("ci", ("*",)))
    await change_person(app, ROOT, "ben", active=False)
    with pytest.raises(NotSignedIn, match=r"^this token lets nobody in$"):
        await bearer_of(app, issued.text)


async def test_a_token_grants_no_scope_that_its_creators_token_lacks(app):
    narrow = await principal(app, "ann", frozenset({"token.manage", "run.read"}))
    await create_token(app, narrow, NewToken("less", ("run.read",)))
    for scope in ("*", "run.*", "run.start", "*.read", "no.such", ""):
        with pytest.raises(NotAllowed):
            await create_token(app, narrow, NewToken("more", (scope,)))
    with pytest.raises(ConfigurationInvalid):
        await create_token(app, narrow, NewToken("none", ()))


async def test_a_token_for_a_service_account_is_created_by_admins_only(app):
    account = (await add_service_account(app, ROOT, "deployer", "Deployer", "member")).actor
    wish = NewToken("ci", ("run.*",), account=account)
    with pytest.raises(NotAllowed):
        await create_token(app, await principal(app, "ben"), wish)
    issued = await create_token(app, await principal(app, "ann"), wish)
    assert (await bearer_of(app, issued.text)).actor == account


async def test_nobody_creates_a_token_in_another_persons_name(app):
    ben = Actor(kind="person", name="ben")
    with pytest.raises(NotAllowed):
        await create_token(app, await principal(app, "ann"), NewToken("ci", ("*",), account=ben))


async def test_everybody_sees_their_own_tokens_and_admins_see_all(app):
    ann, ben = await principal(app, "ann"), await principal(app, "ben")
    hers = await create_token(app, ann, NewToken("hers", ("*",)))
    his = await create_token(app, ben, NewToken("his", ("*",)))
    assert [one.token.id for one in await list_tokens(app, ben)] == [his.token.id]
    everybodys = [one.token.id for one in await list_tokens(app, ann, of_all=True)]
    assert everybodys == [hers.token.id, his.token.id]
    with pytest.raises(NotAllowed):
        await list_tokens(app, ben, of_all=True)
    with pytest.raises(UnknownThing):
        await revoke_token(app, ben, hers.token.id)
    await revoke_token(app, ann, his.token.id)


async def test_the_last_use_of_a_token_is_known_without_a_write_for_each(app, clock):
    ann = await principal(app, "ann")
    issued = await create_token(app, ann, NewToken("ci", ("*",)))
    assert (await list_tokens(app, ann))[0].used_at is None
    await bearer_of(app, issued.text)
    first = (await list_tokens(app, ann))[0].used_at
    await bearer_of(app, issued.text)
    assert (await list_tokens(app, ann))[0].used_at == first
    clock.advance(600)
    await bearer_of(app, issued.text)
    assert (await list_tokens(app, ann))[0].used_at != first


# --- passwords and sessions


async def test_whoever_knows_their_password_is_signed_in(app):
    issued = await sign_in(app, Claim("ben", PASSWORD), HERE)
    who, session = await session_of(app, issued.text)
    assert who.actor.name == "ben"
    assert session.way == "password"
    assert issued.text not in session.model_dump_json()


async def test_every_refusal_costs_one_comparison_and_says_the_same(app, passwords):
    """The time is equal by construction: whoever is refused, one password was compared, and nothing else done."""
    await add_person(app, ROOT, NewPerson("cem", "Cem"))
    await add_person(app, ROOT, NewPerson("dee", "Dee"))
    await set_password(app, ROOT, "dee", PASSWORD)
    await change_person(app, ROOT, "dee", active=False)
    for name in ("ben", "nobody", "cem", "dee"):
        passwords.asked.clear()
        with pytest.raises(NotSignedIn, match=r"^name or password is wrong$"):
            await sign_in(app, Claim(name, "something else"), HERE)
        assert len(passwords.asked) == 1


async def test_too_many_wrong_passwords_for_a_name_are_not_even_compared(app, passwords, clock):
    for _ in range(MOST_BY_NAME):
        with pytest.raises(NotSignedIn):
            await sign_in(app, Claim("ben", "wrong"), HERE)
    passwords.asked.clear()
    with pytest.raises(TooManyAttempts, match="try again in"):
        await sign_in(app, Claim("ben", PASSWORD), HERE)
    assert passwords.asked == []
    await sign_in(app, Claim("ann", PASSWORD), HERE)
    clock.advance(15 * 60)
    await sign_in(app, Claim("ben", PASSWORD), HERE)


async def test_too_many_failures_from_an_address_close_it_for_every_name(app):
    for number in range(MOST_BY_ADDRESS):
        with pytest.raises(NotSignedIn):
            await sign_in(app, Claim(f"guess{number}", "wrong"), HERE)
    with pytest.raises(TooManyAttempts):
        await sign_in(app, Claim("ben", PASSWORD), HERE)
    await sign_in(app, Claim("ben", PASSWORD), Origin("192.0.2.2"))


async def test_many_guesses_at_once_get_no_further_than_many_in_a_row(app, passwords):
    passwords.asked.clear()
    guesses = (sign_in(app, Claim("ben", f"guess {n}"), HERE) for n in range(40))
    outcomes = await asyncio.gather(*guesses, return_exceptions=True)
    assert {type(one) for one in outcomes} == {NotSignedIn, TooManyAttempts}
    assert len(passwords.asked) == MOST_BY_NAME


async def test_people_who_sign_in_often_are_not_held_up(app):
    for _ in range(MOST_BY_ADDRESS + 5):
        await sign_in(app, Claim("ben", PASSWORD), HERE)


async def test_a_session_that_nobody_uses_ends_after_twelve_hours(app, clock):
    issued = await sign_in(app, Claim("ben", PASSWORD), HERE)
    for _ in range(3):
        clock.advance(11 * 3600)
        await session_of(app, issued.text)
    clock.advance(12 * 3600)
    with pytest.raises(NotSignedIn, match=r"^nobody is signed in$"):
        await session_of(app, issued.text)


async def test_a_session_ends_after_thirty_days_however_much_it_is_used(app, clock):
    issued = await sign_in(app, Claim("ben", PASSWORD), HERE)
    for _ in range(59):
        clock.advance(DAY_S / 2 - 60)
        await session_of(app, issued.text)
    clock.advance(DAY_S / 2)
    with pytest.raises(NotSignedIn):
        await session_of(app, issued.text)


async def test_a_session_is_ended_by_its_person_and_not_by_others(app):
    issued = await sign_in(app, Claim("ann", PASSWORD), HERE)
    ann, ben = await principal(app, "ann"), await principal(app, "ben")
    assert [one.session.id for one in await list_sessions(app, ann)] == [issued.session.id]
    assert await list_sessions(app, ben) == []
    with pytest.raises(UnknownThing):
        await end_session(app, ben, issued.session.id)
    with pytest.raises(NotAllowed):
        await list_sessions(app, ben, ann.actor)
    (seen,) = await list_sessions(app, ROOT, ann.actor)
    assert seen.session.id == issued.session.id
    await end_session(app, ann, issued.session.id)
    with pytest.raises(NotSignedIn):
        await session_of(app, issued.text)
    assert await list_sessions(app, ann) == []


async def test_a_session_does_not_open_with_another_persons_name(app):
    issued = await sign_in(app, Claim("ben", PASSWORD), HERE)
    with pytest.raises(NotSignedIn):
        await session_of(app, issued.text.replace("ben.", "ann."))


async def test_another_password_ends_all_sessions(app):
    issued = await sign_in(app, Claim("ben", PASSWORD), HERE)
    await set_password(app, await principal(app, "ben"), "ben", "another password")
    with pytest.raises(NotSignedIn):
        await session_of(app, issued.text)
    await sign_in(app, Claim("ben", "another password"), HERE)


async def test_short_passwords_and_those_of_others_are_refused(app):
    ben = await principal(app, "ben")
    with pytest.raises(ConfigurationInvalid, match="10 to"):
        await set_password(app, ben, "ben", "short")
    with pytest.raises(NotAllowed):
        await set_password(app, ben, "ann", PASSWORD)


async def test_the_audit_log_tells_of_sign_ins_and_holds_no_secret(app):
    issued = await sign_in(app, Claim("ben", PASSWORD), HERE)
    kept = await app.records.get(SESSIONS, f"ben/{issued.session.id}")
    assert kept is not None
    entries = await app.records.audit(AuditWanted(record=("session", f"ben/{issued.session.id}")))
    assert [(one.actor.name, one.note) for one in entries] == [("ben", "signed in by password")]
    told = repr(await app.records.audit(AuditWanted()))
    assert kept.value.secret_sha256 not in told
    assert "plain$" not in told


# --- the first owner


@pytest.fixture
async def empty(clock):
    made = rig(ScriptedProvider({}), clock=clock)
    yield made
    await made.close()


async def link_of(app):
    link = await new_setup_link(app)
    assert link is not None
    return link


OWNER = FirstOwner("ann", "Ann", PASSWORD)


async def test_whoever_has_the_link_becomes_the_first_owner_and_is_signed_in(empty):
    link = await link_of(empty)
    issued = await set_up(empty, link, OWNER, HERE)
    who, _ = await session_of(empty, issued.text)
    assert (who.actor.name, who.role) == ("ann", "owner")
    assert await new_setup_link(empty) is None


async def test_the_link_makes_one_owner_also_when_two_use_it_at_once(empty):
    link = await link_of(empty)
    both = (set_up(empty, link, FirstOwner(name, name, PASSWORD), HERE) for name in ("ann", "eve"))
    outcomes = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(isinstance(one, NotSignedIn) for one in outcomes) == [False, True]
    assert len(await empty.records.find(PEOPLE)) == 1


async def test_a_mistake_in_the_form_leaves_the_link_good(empty):
    link = await link_of(empty)
    for wrong in (FirstOwner("Ann Smith", "Ann", PASSWORD), FirstOwner("ann", "Ann", "short")):
        with pytest.raises(ConfigurationInvalid):
            await set_up(empty, link, wrong, HERE)
    await set_up(empty, link, OWNER, HERE)


async def test_a_link_is_of_no_use_after_an_hour_or_a_newer_one_or_when_somebody_came(empty, clock):
    first = await link_of(empty)
    second = await link_of(empty)
    with pytest.raises(NotSignedIn):
        await set_up(empty, first, OWNER, HERE)
    clock.advance(3600)
    with pytest.raises(NotSignedIn):
        await set_up(empty, second, OWNER, HERE)
    third = await link_of(empty)
    await add_person(empty, ROOT, NewPerson("ben", "Ben"))
    with pytest.raises(NotSignedIn):
        await set_up(empty, third, OWNER, HERE)


async def test_the_secret_of_the_link_is_not_kept(empty):
    link = await link_of(empty)
    kept = await empty.records.find(SETUP_LINKS)
    assert link.rpartition("_")[2] not in repr(kept)
