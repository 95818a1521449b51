"""Step 4 of the write path: statements about what HR said before, and of whom."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from chassis.database import Transaction

SEEN = """
SELECT source, event_id FROM hr_event JOIN unnest($1::text[], $2::text[]) AS asked (source, event_id)
    USING (source, event_id)
"""
REMEMBER = "INSERT INTO hr_event (source, event_id) SELECT * FROM unnest($1::text[], $2::text[])"
IDS_BY_NUMBER = """
SELECT employee_number, person_id FROM person WHERE employee_number = ANY ($1)
UNION ALL SELECT employee_number, person_id FROM expected_person WHERE employee_number = ANY ($1)
"""
NUMBERS_OF = """
SELECT employee_number, person_id FROM person WHERE person_id = ANY ($1) AND employee_number IS NOT NULL
UNION ALL SELECT employee_number, person_id FROM expected_person WHERE person_id = ANY ($1)
"""
MANAGERS = """
WITH RECURSIVE upwards AS (
    SELECT person_id, manager_id FROM person WHERE person_id = ANY ($1)
    UNION SELECT person.person_id, person.manager_id FROM person JOIN upwards ON person.person_id = upwards.manager_id
)
SELECT person_id, manager_id FROM upwards
"""


async def seen_events(transaction: Transaction, ids: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of these HR events, by sender and id, were applied before."""
    rows = await transaction.fetch(SEEN, [source for source, _ in ids], [event_id for _, event_id in ids])
    return {(row["source"], row["event_id"]) for row in rows}


async def remember_events(transaction: Transaction, ids: Sequence[tuple[str, str]]) -> None:
    """These HR events are applied."""
    await transaction.execute(REMEMBER, [source for source, _ in ids], [event_id for _, event_id in ids])


async def ids_by_number(transaction: Transaction, numbers: Collection[str]) -> dict[str, UUID]:
    """The ids of people and of those who are expected, by employee number; locks nobody."""
    return {row["employee_number"]: row["person_id"] for row in await transaction.fetch(IDS_BY_NUMBER, list(numbers))}


async def numbers_of(transaction: Transaction, person_ids: Collection[UUID]) -> dict[str, UUID]:
    """The same, of those with these ids."""
    return {row["employee_number"]: row["person_id"] for row in await transaction.fetch(NUMBERS_OF, list(person_ids))}


async def managers_above(transaction: Transaction, person_ids: Collection[UUID]) -> dict[UUID, UUID | None]:
    """These people and everybody above them, each with their manager."""
    return {row["person_id"]: row["manager_id"] for row in await transaction.fetch(MANAGERS, list(person_ids))}


async def expect_people(transaction: Transaction, expected: Mapping[str, UUID], arrived: Collection[str]) -> None:
    """These managers have not joined yet, and those employees are expected no more."""
    if expected:
        query = "INSERT INTO expected_person SELECT * FROM unnest($1::text[], $2::uuid[])"
        await transaction.execute(query, list(expected), list(expected.values()))
    await transaction.execute("DELETE FROM expected_person WHERE employee_number = ANY ($1)", list(arrived))
