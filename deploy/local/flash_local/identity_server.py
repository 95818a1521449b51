"""The process of the development identity provider: nanoidp, whose access tokens say what our services read.

nanoidp nests a user's own attributes one level down and gives a client no roles; the services, like most identity
providers, have `roles` and `person_id` at the top level. One override of its signer puts them there, and leaves out
everything else that nanoidp knows about a user.
"""

import sys
from pathlib import Path
from typing import Any

from nanoidp.app import run_app
from nanoidp.services import crypto

KEPT_CLAIMS = ("client_id", "scope", "token_use", "auth_time")


class Signer(crypto.CryptoService):  # type: ignore[misc]  # nanoidp ships no type marker
    """nanoidp's signer with the claims of an access token as the services read them."""

    def create_jwt(
        self, sub: str, issuer: str, audience: Any, roles: Any = None, extra: Any = None, **options: Any
    ) -> str:
        """A signed token. A refresh token has the same audience, so it must not name a role: it opens nothing."""
        claims = extra or {}
        is_access = claims.get("token_use") == "access"
        options.pop("tenant", None)
        signed: str = super().create_jwt(
            sub,
            issuer,
            audience,
            roles=(roles or _roles_of_program(sub, claims)) if is_access else None,
            extra=_access_claims(claims) if is_access else claims,
            **options,
        )
        return signed


def _roles_of_program(sub: str, claims: dict[str, Any]) -> list[str]:
    """A program's roles are the scopes it was granted; a person without roles gets none that way."""
    is_program = claims.get("client_id") == sub
    return str(claims.get("scope", "")).split() if is_program else []


def _access_claims(claims: dict[str, Any]) -> dict[str, Any]:
    """`person_id` comes from the user's entry alone, never from what a token request asked for."""
    person_id = claims.get("attributes", {}).get("person_id")
    kept = {name: claims[name] for name in KEPT_CLAIMS if name in claims}
    return kept | ({"person_id": person_id} if person_id else {})


def main(folder: Path) -> None:
    """Serve the configuration in `folder` until a signal."""
    crypto.CryptoService = Signer
    run_app(config_dir=str(folder))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
