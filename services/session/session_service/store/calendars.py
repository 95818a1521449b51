"""Statements about when people work and are busy. Step 4 of the write path."""

from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID

from chassis.database import Transaction

from session_service import sealing
from session_service.model import Hours, Interval
from session_service.sealing import Keyring, Wrapped

COLUMNS = "person_id, time_zone, work_from, work_until, work_days, master_key, sealed_url, busy, read_at, fresh_until"
SET = """
INSERT INTO calendar (person_id, time_zone, work_from, work_until, work_days, master_key, sealed_url)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (person_id) DO UPDATE SET time_zone = $2, work_from = $3, work_until = $4, work_days = $5,
    master_key = coalesce($6, calendar.master_key), sealed_url = coalesce($7, calendar.sealed_url), fresh_until = NULL
"""
# What was read from another address meanwhile is newer.
NOTE_BUSY = """
UPDATE calendar SET busy = $3, read_at = $4, fresh_until = $5 WHERE person_id = $1 AND sealed_url = $2
"""
NOTE_FAILED = """
UPDATE calendar SET fresh_until = $3, busy = CASE WHEN read_at < $4 THEN '[]' ELSE busy END
WHERE person_id = $1 AND sealed_url = $2
"""
WRAPPED_OTHERWISE = """
SELECT person_id, master_key, sealed_url FROM calendar WHERE master_key <> $1 ORDER BY person_id LIMIT $2 FOR UPDATE
"""
AGREED = """
SELECT starts_at, starts_at + make_interval(mins => minutes) AS ends_at FROM session
WHERE state = 'accepted' AND starts_at BETWEEN $3 AND $4 AND session_id <> $2
    AND (learner_id = ANY ($1) OR mentor_id = ANY ($1))
"""


@dataclass(frozen=True, slots=True)
class Calendar:
    """What is known of somebody's time."""

    person_id: UUID
    time_zone: str
    work_from: time
    work_until: time
    work_days: list[int]
    master_key: str | None
    sealed_url: bytes | None
    busy: list[list[str]]
    read_at: datetime | None
    fresh_until: datetime | None

    @property
    def hours(self) -> Hours:
        """When they work."""
        return Hours(self.time_zone, self.work_from, self.work_until, self.work_days)

    @property
    def address(self) -> Wrapped | None:
        """Where their calendar is, for its reader alone; None when only the hours are known."""
        return Wrapped(self.master_key, self.sealed_url) if self.master_key and self.sealed_url else None

    @property
    def intervals(self) -> list[Interval]:
        """When they were busy as of the last reading."""
        return [(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in self.busy]


async def calendar(transaction: Transaction, person_id: UUID) -> Calendar | None:
    """What somebody said of their time, None when they said nothing."""
    row = await transaction.fetchrow(f"SELECT {COLUMNS} FROM calendar WHERE person_id = $1", person_id)  # noqa: S608 - columns of ours
    return Calendar(**row) if row else None


async def set_calendar(transaction: Transaction, person_id: UUID, hours: Hours, address: Wrapped | None) -> None:
    """Keep when somebody works, and where their calendar is; without an address the present one stays."""
    said = (hours.time_zone, hours.work_from, hours.work_until, list(hours.work_days))
    kept = (address.master_key, address.wrapped) if address else (None, None)
    await transaction.execute(SET, person_id, *said, *kept)


async def note_busy(
    transaction: Transaction, person_id: UUID, address: Wrapped, busy: list[Interval], at: datetime, fresh: datetime
) -> None:
    """Keep what a calendar says now."""
    told = [[start.isoformat(), end.isoformat()] for start, end in busy]
    await transaction.execute(NOTE_BUSY, person_id, address.wrapped, told, at, fresh)


async def note_unreadable(
    transaction: Transaction, person_id: UUID, address: Wrapped, fresh: datetime, stale_before: datetime
) -> None:
    """Do not try again before `fresh`; what was read long ago counts no more."""
    await transaction.execute(NOTE_FAILED, person_id, address.wrapped, fresh, stale_before)


async def forget_calendar(transaction: Transaction, person_id: UUID) -> None:
    """Forget what somebody said of their time, and what their calendar did."""
    await transaction.execute("DELETE FROM calendar WHERE person_id = $1", person_id)


async def rewrap_calendars(transaction: Transaction, keyring: Keyring, limit: int) -> int:
    """Wrap some addresses by the newest master key; how many. Raises MasterKeyMissing."""
    rows = await transaction.fetch(WRAPPED_OTHERWISE, keyring.newest, limit)
    for person_id, master_key, sealed_url in rows:
        kept = keyring.rewrap(Wrapped(master_key, sealed_url), sealing.place_of(person_id))
        query = "UPDATE calendar SET master_key = $2, sealed_url = $3 WHERE person_id = $1"
        await transaction.execute(query, person_id, kept.master_key, kept.wrapped)
    return len(rows)


async def agreed_times(
    transaction: Transaction, person_ids: list[UUID], but: UUID, begin: datetime, end: datetime
) -> list[Interval]:
    """When these people meet others, or each other, by what was agreed here."""
    rows = await transaction.fetch(AGREED, person_ids, but, begin, end)
    return [(row["starts_at"], row["ends_at"]) for row in rows]
