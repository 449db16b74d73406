"""OpenID Connect: the authorization code flow, with PKCE and a nonce, and signatures that are checked."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Final, cast
from urllib.parse import urlencode

import httpx2
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import SecretStr

from callboard.domain.errors import NotSignedIn
from callboard.engine.addresses import is_confidential
from callboard.ports.clock import Clock
from callboard.ports.openid import Identity, Question

_ALGORITHMS: Final = ("RS256", "PS256", "ES256", "ES384", "EdDSA")
"""Signatures only: a provider's public key is never taken for a shared secret, and `none` is none."""
_MOST_BYTES: Final = 1_000_000
_TIMEOUT: Final = httpx2.Timeout(10.0)
_LEEWAY_S: Final = 60
_UNREACHABLE: Final = (
    "the identity provider does not answer as it should; try again, or sign in with a password"
)
_NOBODY: Final = "the identity provider vouches for nobody"


@dataclass(slots=True)
class OpenIdConnect:
    """`callboard.ports.openid.OpenIdProvider` over HTTP."""

    issuer: str
    client_id: str
    client_secret: SecretStr | None
    clock: Clock
    _facts: dict[str, Any] = field(default_factory=dict[str, Any])
    _keys: KeySet | None = None

    async def address(self, question: Question) -> str:
        """See `ports.openid.OpenIdProvider`."""
        digest = hashlib.sha256(question.verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": question.redirect,
            "scope": "openid email profile",
            "state": question.state,
            "nonce": question.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        place = await self._place("authorization_endpoint")
        return f"{place}{'&' if '?' in place else '?'}{urlencode(query)}"

    async def identity(self, question: Question, code: str) -> Identity:
        """See `ports.openid.OpenIdProvider`."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": question.redirect,
            "code_verifier": question.verifier,
            "client_id": self.client_id,
        }
        if self.client_secret is not None:
            form["client_secret"] = self.client_secret.get_secret_value()
        answer = await self._ask("POST", await self._place("token_endpoint"), form)
        claims = await self._claims(str(answer.get("id_token", "")), question.nonce)
        verified = claims.get("email_verified") is True
        email, name = claims.get("email"), claims.get("name")
        return Identity(
            self.issuer,
            claims["sub"],
            email if verified and isinstance(email, str) else None,
            name if isinstance(name, str) else None,
        )

    async def _claims(self, text: str, nonce: str) -> dict[str, Any]:
        """Return what a signed statement says, if it is this provider's, for us, for this question and for now."""
        for fresh in (False, True):  # keys are changed now and then
            try:
                token = jwt.decode(text, await self._key_set(fresh=fresh), list(_ALGORITHMS))
            except (JoseError, ValueError):
                continue
            if self._is_right(token.claims, nonce):
                return token.claims
            break
        raise NotSignedIn(_NOBODY)

    def _is_right(self, claims: dict[str, Any], nonce: str) -> bool:
        now = self.clock.now().timestamp()
        audience = claims.get("aud")
        several = cast("list[Any]", audience) if isinstance(audience, list) else [audience]
        expires, issued = claims.get("exp"), claims.get("iat")
        subject = claims.get("sub")
        return (
            claims.get("iss") == self.issuer
            and self.client_id in several
            and claims.get("azp", self.client_id) == self.client_id
            and (len(several) == 1 or "azp" in claims)
            and isinstance(expires, int | float)
            and now < expires + _LEEWAY_S
            and isinstance(issued, int | float)
            and issued < now + _LEEWAY_S
            and claims.get("nonce") == nonce
            and isinstance(subject, str)
            and 0 < len(subject) <= 255
        )

    async def _key_set(self, *, fresh: bool) -> KeySet:
        if self._keys is None or fresh:
            found = await self._ask("GET", await self._place("jwks_uri"))
            self._keys = KeySet.import_key_set(cast("Any", found))
        return self._keys

    async def _place(self, name: str) -> str:
        """Return an address of the provider's, as it publishes it."""
        if not self._facts:
            where = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
            facts = await self._ask("GET", where)
            if facts.get("issuer") != self.issuer:
                raise NotSignedIn(_UNREACHABLE)
            self._facts = facts
        place = self._facts.get(name)
        if not isinstance(place, str) or not is_confidential(place):
            raise NotSignedIn(_UNREACHABLE)
        return place

    async def _ask(
        self, method: str, url: str, form: dict[str, str] | None = None
    ) -> dict[str, Any]:
        content = bytearray()
        try:
            async with (
                httpx2.AsyncClient(timeout=_TIMEOUT, follow_redirects=False) as client,
                client.stream(
                    method, url, data=form, headers={"Accept": "application/json"}
                ) as answer,
            ):
                async for part in answer.aiter_bytes():
                    content += part
                    if len(content) > _MOST_BYTES:
                        raise NotSignedIn(_UNREACHABLE)
            found = json.loads(content)
        except (httpx2.HTTPError, ValueError):
            raise NotSignedIn(_UNREACHABLE) from None
        if answer.status_code >= 300 or not isinstance(found, dict):
            raise NotSignedIn(_NOBODY if method == "POST" else _UNREACHABLE)
        return cast("dict[str, Any]", found)
