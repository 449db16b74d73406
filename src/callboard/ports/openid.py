"""An OpenID provider that vouches for people."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Question:
    """What a provider is asked: who is at this browser? It answers to `redirect`, with `state`. `nonce` binds what
    it signs to this question, `verifier` proves that whoever fetches the answer is the one who asked.
    """

    redirect: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a provider vouches for. `email` is None unless the provider has verified it."""

    issuer: str
    subject: str
    email: str | None
    name: str | None

    @property
    def key(self) -> str:
        """What a person's `subject` holds: nothing else is sure to stay theirs."""
        return f"{self.issuer} {self.subject}"


class OpenIdProvider(Protocol):
    """One provider, asked by the authorization code flow with PKCE."""

    async def address(self, question: Question) -> str:
        """Return where the browser is to go.

        Raises:
            NotSignedIn: the provider cannot be reached, or is not who it should be.
        """
        ...

    async def identity(self, question: Question, code: str) -> Identity:
        """Return whom the provider vouches for in answer to a question.

        Raises:
            NotSignedIn: it vouches for nobody, or not for this question.
        """
        ...
