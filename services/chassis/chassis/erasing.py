"""Beside step 6 of the data's way: a service forgets a person, and says so when nothing is left.

The request takes effect in the transaction that consumes it. What lies outside the database, in an index or in dead
letters, is cleared by a worker afterwards. The receipt goes out, through the outbox, when that is done and the person's
last, empty state has been consumed too: then nothing older can come any more.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from aiokafka.errors import KafkaError
from flash_schemas.erasure import ErasureConfirmedV1, ErasureRequestedV1
from flash_schemas.profile import ProfileChangedV1

from chassis import idempotency, logs, outbox
from chassis.consumer import Consumer, Delivery
from chassis.database import Database, Transaction
from chassis.kafka import PublishFailed
from chassis.letter_removal import remove_letters
from chassis.outbox import Outgoing
from chassis.settings import Settings
from chassis.worker import Worker

log = logs.get(__name__)

ROUND_PEOPLE = 50
LONGEST_ROUND_MS = 120_000
"""Dead-letter topics are read whole."""

NOTE = """
INSERT INTO erasure AS known (person_id, version) VALUES ($1, $2)
ON CONFLICT (person_id) DO UPDATE SET version = EXCLUDED.version, taken_at = now(), confirmed_at = NULL
WHERE known.version < EXCLUDED.version RETURNING true
"""
NOTE_ROWS = "UPDATE erasure SET rows = $2 WHERE person_id = $1"
NOTE_LAST_STATES = "INSERT INTO erasure_last_state (person_id) SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING"
UNCONFIRMED = """
SELECT person_id, version, rows FROM erasure JOIN erasure_last_state USING (person_id)
WHERE confirmed_at IS NULL AND person_id > $1 ORDER BY person_id LIMIT $2
"""
CONFIRM = """
UPDATE erasure SET confirmed_at = now() WHERE person_id = $1 AND version = $2 AND confirmed_at IS NULL RETURNING true
"""

Erase = Callable[[Transaction, ErasureRequestedV1], Awaitable[int]]
"""Empties what a service keeps of a person and sees that nothing older is kept again; how many rows. Repeatable."""
Outside = Callable[[UUID], Awaitable[int | None]]
"""How many documents about a person are gone from an index; None while one is still there."""
Objects = Callable[[UUID], Awaitable[int]]
"""How many files of a person were removed."""


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """Somebody who is forgotten in the database, and of whom the rest is still to be cleared."""

    person_id: UUID
    version: int
    rows: int


async def nothing(_person_id: UUID) -> int:
    """For a service without an index, or without files."""
    return 0


async def take_requests(transaction: Transaction, deliveries: Sequence[Delivery], erase: Erase) -> None:
    """Forget those who are to be forgotten. A repeated request clears again what came since, and is confirmed once.

    In order of person as everybody takes people, or two could wait for each other; who is asked for twice, as it came.
    """
    for delivery in sorted(deliveries, key=lambda each: each.event.aggregate_id):
        if isinstance(delivery.event, ErasureRequestedV1):
            await _take(transaction, delivery.event, delivery.envelope.aggregate_version, erase)


async def _take(transaction: Transaction, request: ErasureRequestedV1, version: int, erase: Erase) -> None:
    fresh = await transaction.fetchval(NOTE, request.person_id, version)
    rows = await erase(transaction, request) + await idempotency.forget_person(transaction, request.person_id)
    if fresh:
        await transaction.execute(NOTE_ROWS, request.person_id, rows)
        log.info("person_forgotten", rows=rows)


async def note_last_states(transaction: Transaction, deliveries: Iterable[Delivery]) -> None:
    """Note whose last, empty state is among these events of people: part of handling them."""
    erased = {
        delivery.event.person_id
        for delivery in deliveries
        if isinstance(delivery.event, ProfileChangedV1) and delivery.event.change == "erased"
    }
    if erased:
        await note_last_state(transaction, *sorted(erased))


async def note_last_state(transaction: Transaction, *person_ids: UUID) -> None:
    """The same for people by id: for the service whose own state it is."""
    await transaction.execute(NOTE_LAST_STATES, person_ids)


async def is_erased(transaction: Transaction, person_id: UUID) -> bool:
    """Whether this service has forgotten somebody."""
    return bool(await transaction.fetchval("SELECT EXISTS (SELECT FROM erasure WHERE person_id = $1)", person_id))


class Receipts:
    """Clears what lies outside the database, and says of each person that they are forgotten here."""

    def __init__(
        self,
        service: str,
        settings: Settings,
        database: Database,
        consumers: Sequence[Consumer],
        outside: Outside = nothing,
        objects: Objects = nothing,
    ) -> None:
        self._service = service
        self._settings = settings
        self._database = database
        self._consumers = consumers
        self._outside = outside
        self._objects = objects
        self._after = UUID(int=0)

    def worker(self) -> Worker:
        """What runs it."""
        interval_ms = self._settings.erasure_interval_ms
        return Worker("receipts", self, interval_ms, wake_on_commit=False, longest_round_ms=LONGEST_ROUND_MS)

    async def __call__(self) -> bool:
        """One round over those who wait, in turn; True when there may be more. An engine that is away is waited for."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(UNCONFIRMED, self._after, ROUND_PEOPLE)
        waiting = [Unconfirmed(**row) for row in rows]
        self._after = waiting[-1].person_id if len(waiting) == ROUND_PEOPLE else UUID(int=0)
        if waiting:
            await self._clear(waiting)
        return len(waiting) == ROUND_PEOPLE

    async def _clear(self, waiting: Sequence[Unconfirmed]) -> None:
        try:
            letters = await remove_letters(self._settings, {each.person_id for each in waiting}, self._consumers)
        except (KafkaError, PublishFailed) as error:
            log.warning("letters_not_removed", error=type(error).__name__)
            return
        for each in waiting:
            documents = await self._outside(each.person_id)
            if documents is not None:
                await self._confirm(each, documents, letters.get(each.person_id, 0))

    async def _confirm(self, each: Unconfirmed, documents: int, dead_letters: int) -> None:
        event = ErasureConfirmedV1(
            person_id=each.person_id,
            service=self._service,
            rows=each.rows,
            documents=documents,
            objects=await self._objects(each.person_id),
            dead_letters=dead_letters,
        )
        async with self._database.transaction() as transaction:
            if await transaction.fetchval(CONFIRM, each.person_id, each.version):
                await outbox.append(transaction, [Outgoing(event, each.version + 1)])
