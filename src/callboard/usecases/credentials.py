"""Credentials: stored once, used by runs, never shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import SecretStr

from callboard.domain.credential import NAME, ORG, Credential, Scope, parse_scope, provider_named
from callboard.domain.errors import ConfigurationInvalid, UnknownThing
from callboard.domain.org.principal import Principal, Resource, in_space
from callboard.engine.authority import may
from callboard.engine.command_credentials import COMMAND_HOST, check_grant
from callboard.engine.secret_values import is_mask, looks_like_a_key, value_problem
from callboard.ports.vault import Grant, Rekeyed
from callboard.usecases.app import App, require, seen_spaces
from callboard.usecases.recording import write

SELF_HOSTED = "self-hosted"


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a value: `changed` is False where it was a mask, and all is as it was."""

    credential: Credential
    changed: bool


def new_grant(
    name: str, provider: str, scope: str | None = None, base_url: str | None = None
) -> Grant:
    """Return what somebody wants to store a value for.

    Raises:
        ConfigurationInvalid: a part of it is not what it should be; says which.
    """
    check_name(name)
    known = provider_named(provider)
    if not NAME.fullmatch(known):
        raise ConfigurationInvalid(
            f"--provider {provider!r}: use openrouter, anthropic, openai, gemini, self-hosted, or the name of"
            " another service (letters, digits and . _ -)"
        )
    address = None if base_url is None else _address(base_url)
    if known == SELF_HOSTED and address is None:
        raise ConfigurationInvalid(
            "--provider self-hosted needs --base-url: the only address that the value is sent to"
        )
    whom = ORG if scope is None else read_scope(scope)
    if known == COMMAND_HOST:
        check_grant(address, whom)
    return Grant(name, whom, known, address)


def check_name(name: str) -> None:
    """Refuse what cannot be a credential's name; a value given in its place is not repeated.

    Raises:
        ConfigurationInvalid: it cannot.
    """
    if looks_like_a_key(name):
        raise ConfigurationInvalid(
            "this is a name's place, and what stands there looks like a key. Values come from stdin or a"
            " prompt; this one is in your shell's history now, so replace it where it was issued"
        )
    if not NAME.fullmatch(name):
        raise ConfigurationInvalid(
            f"{name!r} cannot be a credential's name: use up to 64 letters, digits and . _ -"
        )


def read_scope(text: str) -> Scope:
    """Return a scope as somebody wrote it.

    Raises:
        ConfigurationInvalid: it is none.
    """
    scope = parse_scope(text)
    if scope is None:
        raise ConfigurationInvalid(
            f"--scope {text!r}: use org, space:NAME, agent:ID or agent:PUBLISHER/ID"
        )
    return scope


async def set_credential(app: App, who: Principal, grant: Grant, value: str) -> Stored:
    """Store a value, in the place of the one that is there. A mask changes nothing.

    Raises:
        ConfigurationInvalid: the value cannot be stored, or is a mask and nothing is there.
    """
    require(who, "credential.manage", _resource(grant.scope))
    if is_mask(value):
        present = await _find(app, grant.name, grant.scope)
        if present is None:
            raise ConfigurationInvalid(
                f"the value is a mask, and nothing is stored as {grant.name} ({grant.scope}) that it could stand"
                " for; give the value itself"
            )
        return Stored(present, changed=False)
    secret = _checked(value)
    await _note(app, who, f"{grant.name} ({grant.scope}), for {grant.provider}: a value is stored")
    return Stored(await app.vault.set(grant, secret, who.actor), changed=True)


async def rotate_credential(
    app: App, who: Principal, name: str, scope: Scope | None, value: str
) -> Stored:
    """Give a credential a new value; runs use it from their next call on. A mask changes nothing.

    Raises:
        UnknownThing: there is no such credential.
        ConfigurationInvalid: the value cannot be stored, or the name is there in several scopes.
    """
    present = await _required(app, who, name, scope)
    if is_mask(value):
        return Stored(present, changed=False)
    secret = _checked(value)
    await _note(app, who, f"{present}: a new value is stored")
    return Stored(
        await app.vault.rotate(name, present.scope, secret, who.actor),
        changed=True,
    )


async def remove_credential(app: App, who: Principal, name: str, scope: Scope | None) -> Credential:
    """Forget a credential, and return what was known about it.

    Raises:
        UnknownThing: there is no such credential.
        ConfigurationInvalid: the name is there in several scopes.
    """
    present = await _required(app, who, name, scope)
    await _note(app, who, f"{present}: removed")
    await app.vault.remove(name, present.scope)
    return present


async def rekey_credentials(app: App, who: Principal) -> Rekeyed:
    """Replace the deployment key: everything that is stored opens with a new one, and no more with the old one.

    Raises:
        ConfigurationInvalid: there is no key yet, it cannot be replaced where it is, or a credential does not
            open with it; then nothing has changed.
    """
    require(who, "credential.manage", _resource(ORG))
    await _note(app, who, "the deployment key is replaced")
    return await app.vault.rekey()


async def _note(app: App, who: Principal, what: str) -> None:
    """Write down what is about to be done: the vault is not the audit log's, and what is done unnoted is worse than
    what is noted and then fails.
    """
    await write(app, who, "credential.manage", note=what)


async def list_credentials(app: App, who: Principal) -> Sequence[Credential]:
    """Return what is known about all credentials that somebody may know of; never a value."""
    seen_spaces(who, "credential.read")
    stored = await app.vault.list()
    return [each for each in stored if may(who, "credential.read", _resource(each.scope))]


async def _find(app: App, name: str, scope: Scope) -> Credential | None:
    stored = await app.vault.list()
    return next((each for each in stored if (each.name, each.scope) == (name, scope)), None)


def _resource(scope: Scope) -> Resource:
    """Return whose a credential is: a space's own, or the organisation's."""
    return in_space(scope.name if scope.kind == "space" else None)


async def _required(app: App, who: Principal, name: str, scope: Scope | None) -> Credential:
    """Return a credential, to whoever may manage it."""
    found = await _the_one(app, who, name, scope)
    require(who, "credential.manage", _resource(found.scope))
    return found


async def _the_one(app: App, who: Principal, name: str, scope: Scope | None) -> Credential:
    """Return the credential of a name; the scope may be left out where there is only one."""
    check_name(name)
    namesakes = [each for each in await list_credentials(app, who) if each.name == name]
    found = [each for each in namesakes if scope in (None, each.scope)]
    if len(found) == 1:
        return found[0]
    scopes = ", ".join(str(each.scope) for each in namesakes)
    if found:
        raise ConfigurationInvalid(f"{name} is stored for {scopes}: say which with --scope")
    but = f"; there is one for {scopes}" if namesakes else ""
    where = f"{name} ({scope})" if scope is not None else name
    raise UnknownThing(
        f"no credential {where} is stored{but} (see `callboard credentials list`; store one with `callboard"
        " credentials set`)"
    )


def _checked(value: str) -> SecretStr:
    problem = value_problem(value)
    if problem is not None:
        raise ConfigurationInvalid(f"the value cannot be stored: {problem}")
    return SecretStr(value)


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        whole = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        parts, whole = None, False
    if parts is None or not whole or not text.isprintable() or " " in text:
        raise ConfigurationInvalid(
            "--base-url must be the address that the value is sent to, like https://models.example/v1"
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigurationInvalid(
            "--base-url must be without user, password, `?` and `#`: it is shown, and only the value is secret"
        )
    return text.rstrip("/")
