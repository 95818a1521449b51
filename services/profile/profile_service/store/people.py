"""Step 4 of the write path: statements about people."""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from flash_schemas.profile import Participation, UnitRef

from profile_service.model import Choice, Declared, Person
from profile_service.store.organisation import orders_of, orders_row, plain

SAVE_PEOPLE = """
INSERT INTO person SELECT * FROM jsonb_populate_recordset(NULL::person, $1)
ON CONFLICT (person_id) DO UPDATE SET (sequence, version, name, job_title, job_level, location, unit_id, status,
    hired_on, declared, unit_path, participations, choices, manager_id, hr_orders, changed_on, photo_version,
    email) = (
    EXCLUDED.sequence, EXCLUDED.version, EXCLUDED.name, EXCLUDED.job_title, EXCLUDED.job_level, EXCLUDED.location,
    EXCLUDED.unit_id, EXCLUDED.status, EXCLUDED.hired_on, EXCLUDED.declared, EXCLUDED.unit_path,
    EXCLUDED.participations, EXCLUDED.choices, EXCLUDED.manager_id, EXCLUDED.hr_orders, EXCLUDED.changed_on,
    EXCLUDED.photo_version, EXCLUDED.email)
"""


async def people_by_number(transaction: Transaction, numbers: Collection[str]) -> dict[str, Person]:
    """These employees, locked in one order for everybody, by employee number."""
    query = "SELECT * FROM person WHERE employee_number = ANY ($1) ORDER BY person_id FOR UPDATE"
    return {row["employee_number"]: person_of(row) for row in await transaction.fetch(query, list(numbers))}


async def lock_person(transaction: Transaction, person_id: UUID) -> Person | None:
    """One person, locked until this transaction ends."""
    row = await transaction.fetchrow("SELECT * FROM person WHERE person_id = $1 FOR UPDATE", person_id)
    return person_of(row) if row else None


async def person(transaction: Transaction, person_id: UUID) -> Person | None:
    """One person."""
    row = await transaction.fetchrow("SELECT * FROM person WHERE person_id = $1", person_id)
    return person_of(row) if row else None


async def employee(transaction: Transaction, number: str) -> Person | None:
    """The person with HR's number."""
    row = await transaction.fetchrow("SELECT * FROM person WHERE employee_number = $1", number)
    return person_of(row) if row else None


async def save_people(transaction: Transaction, people: Iterable[Person]) -> None:
    """Insert or replace people, whose rows the caller has locked."""
    await transaction.execute(SAVE_PEOPLE, [_person_row(person) for person in people])


def _person_row(person: Person) -> dict[str, Any]:
    parts = {
        "declared": person.declared.model_dump(mode="json"),
        "unit_path": [ref.model_dump(mode="json") for ref in person.unit_path],
        "participations": [part.model_dump(mode="json") for part in person.participations],
        "choices": {program_id: choice.model_dump(mode="json") for program_id, choice in person.choices.items()},
        "hr_orders": orders_row(person.hr_orders),
    }
    return plain(person) | parts


def person_of(row: Any) -> Person:
    parts = {
        "employee_number": row["employee_number"] or "",
        "declared": Declared.model_validate(row["declared"]),
        "unit_path": tuple(UnitRef.model_validate(ref) for ref in row["unit_path"]),
        "participations": tuple(Participation.model_validate(part) for part in row["participations"]),
        "choices": {program_id: Choice.model_validate(choice) for program_id, choice in row["choices"].items()},
        "hr_orders": orders_of(row),
        "changed_on": {name: date.fromisoformat(day) for name, day in row["changed_on"].items()},
    }
    return Person(**{**row, **parts})
