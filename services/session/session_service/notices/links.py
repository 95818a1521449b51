"""Addresses of links in mail that work without signing in: what they say is signed, and says nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from session_service import signing

AUDIENCE = "unsubscribe"


@dataclass(frozen=True, slots=True)
class Unsubscription:
    """Who wants no more mail of which kinds, and in which language they are answered."""

    person_id: UUID
    kinds: Sequence[str]
    language: str


@dataclass(frozen=True, slots=True)
class Links:
    """Makes and reads them, by one secret of the deployment."""

    public_url: str
    secret: str

    def unsubscribe(self, what: Unsubscription) -> str:
        """The address of the page, and of one-click unsubscribing (RFC 8058)."""
        said = {"sub": str(what.person_id), "kinds": list(what.kinds), "language": what.language}
        return f"{self.public_url}/api/v1/notices/unsubscribe/{signing.sign(self.secret, AUDIENCE, said)}"

    def one_tap(self, token: str, language: str) -> str:
        """The address of the page with one button that takes an answer."""
        return f"{self.public_url}/api/v1/one-tap/{token}?language={language}"

    def read(self, token: str) -> Unsubscription:
        """What a token of unsubscribing says. Raises NotFound for one that is not ours."""
        return signing.read(self.secret, AUDIENCE, token, _unsubscription)


def _unsubscription(said: signing.Said) -> Unsubscription:
    return Unsubscription(UUID(said["sub"]), said["kinds"], said["language"])
