"""Beside step 4 of the write path: what people write is sealed before it is kept, and opened for the two who may read.

AES-256-GCM throughout. Each author has a key of their own in each conversation, wrapped by a master key that is in the
settings and never in the database; so is the address of somebody's calendar. What is sealed is bound to where it
belongs and opens nowhere else.
"""

import base64
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis import logs
from chassis.problems import Unavailable
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

log = logs.get(__name__)

KEY_BYTES = 32
NONCE_BYTES = 12


class MasterKeyMissing(Unavailable):
    """What was written here cannot be opened at the moment: tell whoever runs the platform."""


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A key, or another short secret, as it is kept, and the name of the master key that wraps it."""

    master_key: str
    wrapped: bytes


class Keyring:
    """The master keys of a process: the first wraps, all unwrap."""

    def __init__(self, master_keys: Sequence[bytes]) -> None:
        self._masters = {hashlib.sha256(key).hexdigest()[:16]: key for key in master_keys}
        self.newest = next(iter(self._masters))

    @classmethod
    def of(cls, setting: str) -> "Keyring":
        """The keyring that a setting states: keys in base64, newest first, with commas. Raises ValueError."""
        return cls([_master_key(text) for text in setting.split(",")])

    def wrap(self, secret: bytes, place: bytes) -> Wrapped:
        """The secret as it may be kept, bound to its place."""
        return Wrapped(self.newest, seal(self._masters[self.newest], secret, place))

    def unwrap(self, kept: Wrapped, place: bytes) -> bytes:
        """The secret itself. Raises MasterKeyMissing, and InvalidTag for one that was kept elsewhere or changed."""
        master = self._masters.get(kept.master_key)
        if master is None:
            log.error("master_key_missing", master_key=kept.master_key)
            raise MasterKeyMissing
        return unseal(master, kept.wrapped, place)

    def rewrap(self, kept: Wrapped, place: bytes) -> Wrapped:
        """The same secret wrapped by the newest master key. Raises MasterKeyMissing and InvalidTag."""
        return self.wrap(self.unwrap(kept, place), place)


def new_key() -> bytes:
    """A key for one author in one conversation."""
    return AESGCM.generate_key(KEY_BYTES * 8)


def seal(key: bytes, content: bytes, place: bytes) -> bytes:
    """The content, readable with this key and at this place only."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, place)


def unseal(key: bytes, sealed: bytes, place: bytes) -> bytes:
    """The content. Raises InvalidTag when key, place or content is not what it was."""
    return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place)


def place_of(*ids: UUID) -> bytes:
    """What binds a sealed content to the rows it belongs to."""
    return b"".join(each.bytes for each in ids)


def _master_key(text: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), altchars=b"-_", validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"a master key is {KEY_BYTES} bytes in base64")
    return key
