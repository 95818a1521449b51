"""Links in mail that work without signing in: what they say is signed, and says nothing else."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

SIGNATURE_BYTES = 16
PURPOSE = b"unsubscribe:"


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
        said = f"{what.person_id.hex}.{what.language}.{','.join(what.kinds)}".encode()
        token = base64.urlsafe_b64encode(self._signature(said) + said).decode().rstrip("=")
        return f"{self.public_url}/api/v1/notices/unsubscribe/{token}"

    def one_tap(self, token: str, language: str) -> str:
        """The address of the page with one button that takes an answer."""
        return f"{self.public_url}/api/v1/one-tap/{token}?language={language}"

    def read(self, token: str) -> Unsubscription | None:
        """What a token says; None for one that is not ours."""
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (ValueError, binascii.Error):
            return None
        signature, said = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._signature(said)):
            return None
        person_id, language, kinds = said.decode().split(".")
        return Unsubscription(UUID(person_id), kinds.split(","), language)

    def _signature(self, said: bytes) -> bytes:
        return hmac.new(self.secret.encode(), PURPOSE + said, hashlib.sha256).digest()[:SIGNATURE_BYTES]
