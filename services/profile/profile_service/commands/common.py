"""Step 2 of the write path: what every change that a person makes to themselves begins and ends with."""

from dataclasses import replace
from datetime import date
from uuid import UUID

from chassis import outbox
from chassis.database import Transaction
from chassis.problems import NotFound

from profile_service import model, store
from profile_service.model import Person


async def present(transaction: Transaction, person_id: UUID) -> Person:
    """Somebody who works here, locked until this transaction ends. Raises NotFound."""
    person = await store.lock_person(transaction, person_id)
    if person is None or person.status == "left":
        raise NotFound
    return person


async def keep_edited(transaction: Transaction, before: Person, after: Person, today: date) -> Person:
    """Save what a person changed of themselves as their next version, dated, and say so."""
    kept = replace(model.dated(before, after, today), version=before.version + 1)
    await store.save_people(transaction, [kept])
    await outbox.append(transaction, [kept.event("edited")])
    return kept
