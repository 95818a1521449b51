"""Step 4 of the write path: statements about photos."""

from dataclasses import dataclass
from uuid import UUID

from chassis.database import Transaction

SAVE_PHOTO = """
INSERT INTO photo (person_id, version, content_type, sha256, body) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (person_id) DO UPDATE SET (version, content_type, sha256, body) = (EXCLUDED.version,
    EXCLUDED.content_type, EXCLUDED.sha256, EXCLUDED.body)
"""


@dataclass(frozen=True, slots=True)
class Photo:
    """A person's photo as it is given out; `version` is that of the profile with which it came."""

    version: int
    content_type: str
    body: bytes


async def photo(transaction: Transaction, person_id: UUID) -> Photo | None:
    """Somebody's photo."""
    row = await transaction.fetchrow("SELECT version, content_type, body FROM photo WHERE person_id = $1", person_id)
    return Photo(**row) if row else None


async def photo_digest(transaction: Transaction, person_id: UUID) -> bytes | None:
    """The SHA-256 of somebody's photo."""
    digest: bytes | None = await transaction.fetchval("SELECT sha256 FROM photo WHERE person_id = $1", person_id)
    return digest


async def save_photo(transaction: Transaction, person_id: UUID, photo: Photo, digest: bytes) -> None:
    """Insert or replace the photo of a person whose row the caller has locked."""
    await transaction.execute(SAVE_PHOTO, person_id, photo.version, photo.content_type, digest, photo.body)


async def delete_photo(transaction: Transaction, person_id: UUID) -> None:
    """Remove the photo of a person whose row the caller has locked."""
    await transaction.execute("DELETE FROM photo WHERE person_id = $1", person_id)
