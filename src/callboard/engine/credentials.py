"""Which stored credential an agent gets."""

from collections.abc import Sequence
from dataclasses import dataclass

from callboard.domain.credential import Credential, ScopeKind
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import ConfigurationInvalid

_NEAREST_FIRST: tuple[ScopeKind, ...] = ("agent", "space", "org")


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: an agent as `id` or `publisher/id`, in a space where there is one."""

    agent: str
    space: str | None = None


def asker_of(definition: AgentDefinition, space: str | None = None) -> Asker:
    """Return a definition as one who asks. Agents of two publishers are two agents, whatever their ids."""
    by = f"{definition.publisher}/" if definition.publisher else ""
    return Asker(f"{by}{definition.id}", space)


def applies(credential: Credential, asker: Asker) -> bool:
    """Return whether a credential is for whoever asks."""
    match credential.scope.kind:
        case "org":
            return True
        case "space":
            return credential.scope.name == asker.space
        case "agent":
            return credential.scope.name == asker.agent


def named(credentials: Sequence[Credential], name: str, asker: Asker) -> Credential:
    """Return the credential of a name that is nearest to whoever asks: agent before space before org.

    Raises:
        ConfigurationInvalid: there is none; says how to store it, or for whom there is one.
    """
    namesakes = [each for each in credentials if each.name == name]
    found = [each for each in namesakes if applies(each, asker)]
    if found:
        return min(found, key=_distance)
    others = ", ".join(sorted(str(each.scope) for each in namesakes))
    but = f"; it is stored for {others} only" if others else ""
    raise ConfigurationInvalid(
        f"agent {asker.agent} needs the credential {name}, which is not stored for it{but}. Store it with"
        f" `callboard credentials set {name} --provider PROVIDER`, its value on stdin"
    )


def for_provider(
    credentials: Sequence[Credential], provider: str, asker: Asker
) -> Credential | None:
    """Return the credential for a provider that is nearest to whoever asks, and None where there is none.

    Of several that are equally near, the one that is named like the provider is meant.

    Raises:
        ConfigurationInvalid: several are equally near and none is named like the provider.
    """
    found = [each for each in credentials if each.provider == provider and applies(each, asker)]
    if not found:
        return None
    nearest = min(map(_distance, found))
    near = [each for each in found if _distance(each) == nearest]
    if len(near) == 1:
        return near[0]
    namesake = [each for each in near if each.name == provider]
    if namesake:
        return namesake[0]
    names = ", ".join(sorted(each.name for each in near))
    raise ConfigurationInvalid(
        f"agent {asker.agent}: several credentials for {provider} apply ({names}); name one in the"
        f" definition's `credential`, or store the usual one as `{provider}`"
    )


def _distance(credential: Credential) -> int:
    return _NEAREST_FIRST.index(credential.scope.kind)
