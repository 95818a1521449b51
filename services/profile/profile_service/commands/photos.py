"""Step 2 of the write path: a person's photo, one function and one transaction each."""

import hashlib
from dataclasses import replace
from datetime import date
from uuid import UUID

from chassis.database import Database

from profile_service import images, store
from profile_service.commands.common import keep_edited, present
from profile_service.model import Person
from profile_service.store import Photo


async def put_photo(database: Database, person_id: UUID, body: bytes, today: date) -> Person:
    """A person's photo, as `images` wrote it. The same photo again changes nothing. Raises NotFound."""
    digest = hashlib.sha256(body).digest()
    async with database.transaction() as transaction:
        person = await present(transaction, person_id)
        if await store.photo_digest(transaction, person_id) == digest:
            return person
        version = person.version + 1
        await store.save_photo(transaction, person_id, Photo(version, images.CONTENT_TYPE, body), digest)
        return await keep_edited(transaction, person, replace(person, photo_version=version), today)


async def delete_photo(database: Database, person_id: UUID, today: date) -> None:
    """No photo of this person any more. Raises NotFound."""
    async with database.transaction() as transaction:
        person = await present(transaction, person_id)
        if person.photo_version is not None:
            await store.delete_photo(transaction, person_id)
            await keep_edited(transaction, person, replace(person, photo_version=None), today)
