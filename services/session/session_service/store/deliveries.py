"""Statements about messages on their way out, and what people chose about them. Step 4 of the write path."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Transaction

from session_service.notices.kinds import KINDS
from session_service.notices.preferences import Channel, Preferences
from session_service.store.notices import COLUMNS, KeptNotice

UNPLANNED = f"""
SELECT {COLUMNS} FROM notice WHERE planned_at IS NULL AND kind = ANY ($2)
ORDER BY made_at LIMIT $1 FOR UPDATE SKIP LOCKED
"""  # noqa: S608 - columns of ours
ADD = "INSERT INTO delivery (person_id, channel, digest, due_at) VALUES ($1, $2, false, $3) RETURNING delivery_id"
# The digest that still waits takes one more; the update locks it, so that it does not go out meanwhile.
ADD_TO_DIGEST = """
INSERT INTO delivery (person_id, channel, digest, due_at) VALUES ($1, $2, true, $3)
ON CONFLICT (person_id, channel) WHERE digest AND state = 'waiting' DO UPDATE SET changed_at = now()
RETURNING delivery_id
"""
# One that ended amid its work before anything was handed over is taken up by another. What a newer release says in a
# way that is not known here is left to that.
CLAIM = """
UPDATE delivery SET state = 'claimed', attempts = attempts + 1, changed_at = now() WHERE delivery_id IN (
    SELECT delivery_id FROM delivery AS d
    WHERE ((state IN ('waiting', 'retry') AND due_at <= now())
           OR (state = 'claimed' AND changed_at < now() - make_interval(secs => $2)))
        AND NOT EXISTS (SELECT FROM delivery_notice AS dn JOIN notice USING (notice_id)
                        WHERE dn.delivery_id = d.delivery_id AND kind <> ALL ($3))
    ORDER BY due_at LIMIT $1 FOR UPDATE OF d SKIP LOCKED)
RETURNING delivery_id, person_id, channel, digest, attempts
"""
HAND_OVER = """
UPDATE delivery SET state = 'sending', changed_at = now()
WHERE delivery_id = $1 AND attempts = $2 AND state = 'claimed' RETURNING true
"""
# Quiet hours have no reason: what they put off is due after them, and not late before.
SETTLE = """
UPDATE delivery SET state = $3, due_at = coalesce($4, due_at), reason = $5, changed_at = now(),
    first_due_at = CASE WHEN $5::text IS NOT NULL THEN coalesce(first_due_at, due_at) END
WHERE delivery_id = $1 AND attempts = $2 AND state IN ('claimed', 'sending') RETURNING true
"""
# Handed over by a process that did not live to hear the answer: nobody can tell.
LOST = """
UPDATE delivery SET state = 'unknown', reason = 'the process ended', changed_at = now()
WHERE state = 'sending' AND changed_at < now() - make_interval(secs => $1) RETURNING channel
"""
OF_DELIVERY = f"""
SELECT {COLUMNS} FROM notice JOIN delivery_notice USING (notice_id)
WHERE delivery_id = $1 ORDER BY made_at, notice_id
"""  # noqa: S608 - columns of ours
TROUBLE = """
SELECT delivery_id, person_id, channel, state, attempts, changed_at, coalesce(reason, '') AS reason FROM delivery
WHERE state IN ('failed', 'unknown') ORDER BY changed_at LIMIT 1000
"""
# By their ids, or all that are in one of the two states.
CHOSEN = "WHERE state IN ('failed', 'unknown') AND (delivery_id = ANY ($1) OR state = $2) RETURNING delivery_id"
RETRY = f"""
UPDATE delivery SET state = 'retry', due_at = now(), first_due_at = NULL, attempts = 0, changed_at = now() {CHOSEN}
"""  # noqa: S608 - a condition of ours
DROP = f"UPDATE delivery SET state = 'dropped', changed_at = now() {CHOSEN}"  # noqa: S608 - a condition of ours
# After a restore nobody knows what went out since the backup: of that nothing goes out again.
STOP_ALL = (
    "UPDATE notice SET planned_at = now() WHERE planned_at IS NULL",
    """UPDATE delivery SET state = 'dropped', reason = 'restored from a backup', changed_at = now()
       WHERE state NOT IN ('sent', 'dropped')""",
)
MEASURE = """
SELECT count(*) FILTER (WHERE state = 'failed') AS failed, count(*) FILTER (WHERE state = 'unknown') AS unknown,
    greatest(extract(epoch FROM now() - min(coalesce(first_due_at, due_at)) FILTER (
        WHERE state IN ('waiting', 'retry', 'claimed', 'sending'))), 0)::float AS oldest_s
FROM delivery WHERE state NOT IN ('sent', 'dropped')
"""
FORGET_OLD = """
DELETE FROM delivery WHERE delivery_id IN (
    SELECT delivery_id FROM delivery WHERE changed_at < now() - make_interval(days => $1)
        AND state IN ('sent', 'dropped') ORDER BY changed_at LIMIT $2)
"""
PREFERENCES = "SELECT person_id, body FROM notice_preferences WHERE person_id = ANY ($1)"
OWN_PREFERENCES = "SELECT version, body FROM notice_preferences WHERE person_id = $1"
SAVE_PREFERENCES = """
INSERT INTO notice_preferences (person_id, version, body) VALUES ($1, $2, $3)
ON CONFLICT (person_id) DO UPDATE SET version = EXCLUDED.version, body = EXCLUDED.body
WHERE notice_preferences.version = EXCLUDED.version - 1 RETURNING true
"""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message that a worker has claimed, at its n-th attempt."""

    delivery_id: UUID
    person_id: UUID
    channel: Channel
    digest: bool
    attempts: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """One message that did not go out, or of which nobody can tell."""

    delivery_id: UUID
    person_id: UUID
    channel: str
    state: str
    attempts: int
    changed_at: datetime
    reason: str


async def unplanned(transaction: Transaction, limit: int) -> list[KeptNotice]:
    """The next notices of which nothing is decided, locked; those that another plans are passed over."""
    return [KeptNotice(**row) for row in await transaction.fetch(UNPLANNED, limit, list(KINDS))]


async def mark_planned(transaction: Transaction, notice_ids: Collection[UUID]) -> None:
    """It is decided where these go."""
    await transaction.execute("UPDATE notice SET planned_at = now() WHERE notice_id = ANY ($1)", list(notice_ids))


async def add(
    transaction: Transaction, notice: KeptNotice, channel: Channel, due_at: datetime, *, digest: bool
) -> None:
    """Have a notice go out, by itself or with others."""
    query = ADD_TO_DIGEST if digest else ADD
    delivery_id = await transaction.fetchval(query, notice.person_id, channel, due_at)
    await transaction.execute("INSERT INTO delivery_notice VALUES ($1, $2)", delivery_id, notice.notice_id)


async def claim(transaction: Transaction, limit: int, lease_s: float) -> list[Delivery]:
    """Take messages that are due; who takes one and is not done within the lease has lost it."""
    return [Delivery(**row) for row in await transaction.fetch(CLAIM, limit, lease_s, list(KINDS))]


async def hand_over(transaction: Transaction, delivery: Delivery) -> bool:
    """From now on it may be out; False when it is not this worker's any more."""
    return bool(await transaction.fetchval(HAND_OVER, delivery.delivery_id, delivery.attempts))


async def settle(
    transaction: Transaction, delivery: Delivery, state: str, due_at: datetime | None = None, reason: str | None = None
) -> bool:
    """What became of it; False when it is not this worker's any more."""
    values = (delivery.delivery_id, delivery.attempts, state, due_at, reason)
    return bool(await transaction.fetchval(SETTLE, *values))


async def give_up_lost(transaction: Transaction, lease_s: float) -> list[str]:
    """Of what was handed over so long ago nobody can tell; the channels."""
    return [row["channel"] for row in await transaction.fetch(LOST, lease_s)]


async def notices_of(transaction: Transaction, delivery_id: UUID) -> list[KeptNotice]:
    """What a message is about, oldest first."""
    return [KeptNotice(**row) for row in await transaction.fetch(OF_DELIVERY, delivery_id)]


async def trouble(transaction: Transaction) -> list[Trouble]:
    """What did not go out, longest first, at most 1,000."""
    return [Trouble(**row) for row in await transaction.fetch(TROUBLE)]


async def retry(transaction: Transaction, delivery_ids: Collection[UUID], state: str | None = None) -> set[UUID]:
    """Try these again, and all in this state of trouble; which were."""
    return {row["delivery_id"] for row in await transaction.fetch(RETRY, list(delivery_ids), state)}


async def drop(transaction: Transaction, delivery_ids: Collection[UUID], state: str | None = None) -> set[UUID]:
    """Give these up, and all in this state of trouble; which were."""
    return {row["delivery_id"] for row in await transaction.fetch(DROP, list(delivery_ids), state)}


async def stop_all(transaction: Transaction) -> None:
    """Nothing that waits now goes out."""
    for statement in STOP_ALL:
        await transaction.execute(statement)


async def measure(transaction: Transaction) -> tuple[int, int, float]:
    """How many failed, of how many nobody can tell, and since how many seconds the oldest is due, refused or not."""
    row: Any = await transaction.fetchrow(MEASURE)
    return row["failed"], row["unknown"], row["oldest_s"]


async def forget_old(transaction: Transaction, keep_days: int, limit: int) -> None:
    """What went out so long ago is not known any more, a bounded number at once."""
    await transaction.execute(FORGET_OLD, keep_days, limit)


async def preferences(transaction: Transaction, person_ids: Collection[UUID]) -> dict[UUID, Preferences]:
    """What these people chose; each has an entry, the usual where nothing is chosen."""
    rows = await transaction.fetch(PREFERENCES, list(person_ids))
    chosen = {row["person_id"]: Preferences.model_validate(row["body"]) for row in rows}
    return {person_id: chosen.get(person_id, Preferences()) for person_id in person_ids}


async def own_preferences(transaction: Transaction, person_id: UUID, *, lock: bool = False) -> tuple[int, Preferences]:
    """What somebody chose and its version, 0 before the first time; if wished, locked."""
    row = await transaction.fetchrow(OWN_PREFERENCES + (" FOR UPDATE" if lock else ""), person_id)
    return (row["version"], Preferences.model_validate(row["body"])) if row else (0, Preferences())


async def save_preferences(transaction: Transaction, person_id: UUID, version: int, body: Preferences) -> bool:
    """Keep the next version; False when somebody else was quicker."""
    values: Sequence[Any] = (person_id, version, body.model_dump(mode="json"))
    return bool(await transaction.fetchval(SAVE_PREFERENCES, *values))
