"""Statements about how people are called and reached. Step 4 of the write path."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.database import Transaction

# Of who is forgotten nothing is kept, whatever a backup or an older event brings back.
KEEP_CONTACTS = """
INSERT INTO contact (person_id, version, name, email, languages, time_zone)
SELECT person_id, c.version, name, email, languages, time_zone
FROM jsonb_populate_recordset(NULL::contact, $1) AS c LEFT JOIN erasure AS e USING (person_id)
WHERE e.person_id IS NULL ORDER BY person_id
ON CONFLICT (person_id) DO UPDATE SET version = EXCLUDED.version, name = EXCLUDED.name, email = EXCLUDED.email,
    languages = EXCLUDED.languages, time_zone = EXCLUDED.time_zone
WHERE contact.version < EXCLUDED.version
"""
CONTACTS = "SELECT person_id, name, email, languages, time_zone FROM contact WHERE person_id = ANY ($1)"


@dataclass(frozen=True, slots=True)
class Contact:
    """How somebody is called and reached; `languages` are those that they say to speak, best first."""

    person_id: UUID
    name: str | None = None
    email: str | None = None
    languages: Sequence[str] = ()
    time_zone: str | None = None


async def keep_contacts(transaction: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """Take newer contacts: person_id, version, name, email, languages, time_zone."""
    await transaction.execute(KEEP_CONTACTS, rows)


async def contacts(transaction: Transaction, person_ids: Collection[UUID]) -> dict[UUID, Contact]:
    """How these people are reached; each of them has an entry, an empty one where nothing is known."""
    rows = await transaction.fetch(CONTACTS, list(person_ids))
    return {person_id: Contact(person_id) for person_id in person_ids} | {
        row["person_id"]: Contact(**row) for row in rows
    }
