"""Beside step 6 of the data's way: what this service forgets of a person. Steps, counts and pairs stay under an id.

Of the person nothing that they wrote is left, and none of their private wishes and statements: the keys of their
messages are destroyed. What others wrote to them is theirs and stays. Open requests are closed as for any who leave.
"""

from collections.abc import Sequence

from chassis import erasing, outbox
from chassis.consumer import Consumer, Delivery
from chassis.database import Transaction
from flash_schemas.erasure import ErasureRequestedV1

from session_service import store

# Before all else, so that no request of theirs is on its way while the rest happens; and nothing older is taken again.
LEAVE = """
INSERT INTO person (person_id, version, status, participations, skill_ids) VALUES ($1, $2, 'left', '{}', '[]')
ON CONFLICT (person_id) DO UPDATE SET version = GREATEST(person.version, EXCLUDED.version), status = 'left',
    participations = '{}', pauses = NULL, skill_ids = '[]', oldest_confirmation = NULL
"""
# In the order of every other lock on sessions: then no message of theirs is on its way either.
LOCK_SESSIONS = """
SELECT FROM session WHERE learner_id = $1 OR mentor_id = $1 ORDER BY session_id FOR UPDATE
"""
EMPTY_CARDS = """
UPDATE session SET want_to_learn = '', tried = '', formal_goal = NULL
WHERE learner_id = $1 AND (want_to_learn <> '' OR tried <> '' OR formal_goal IS NOT NULL)
"""
# Whoever of the two wrote it.
EMPTY_PLACES = "UPDATE session SET place = NULL WHERE (learner_id = $1 OR mentor_id = $1) AND place IS NOT NULL"
EMPTY_MESSAGES = """
UPDATE message SET text = '' WHERE sender_id = $1 AND text <> ''
    AND session_id IN (SELECT session_id FROM session WHERE learner_id = $1 OR mentor_id = $1)
"""
# What they wrote stays sealed, here and wherever it was copied to.
DESTROY_KEYS = "DELETE FROM conversation_key WHERE author_id = $1"
FORGET_WISHES = """
DELETE FROM wish AS w USING session AS s
WHERE s.session_id = w.session_id AND CASE w.side WHEN 'learner' THEN s.learner_id ELSE s.mentor_id END = $1
"""
DESTROY_COPIES = """
UPDATE report SET master_key = NULL, wrapped = NULL WHERE author_id = $1 AND wrapped IS NOT NULL
"""
FORGET_READING = "DELETE FROM read_mark WHERE reader_id = $1"
FORGET_BLOCKS = "DELETE FROM block WHERE blocker_id = $1"
FORGET_STATEMENTS = """
DELETE FROM statement AS w USING session AS s
WHERE s.session_id = w.session_id AND CASE w.side WHEN 'learner' THEN s.learner_id ELSE s.mentor_id END = $1
"""
FORGET_TEXTS = """
DELETE FROM survey_answer AS w USING session AS s WHERE w.kind = 'text'
    AND s.session_id = w.session_id AND CASE w.side WHEN 'learner' THEN s.learner_id ELSE s.mentor_id END = $1
"""
FORGET_SETTINGS = """
UPDATE availability SET capacity = NULL, paused_until = NULL, vacations = '[]', away_from = NULL
WHERE person_id = $1 AND (capacity IS NOT NULL OR paused_until IS NOT NULL OR vacations <> '[]')
"""
FORGET_CALENDAR = "DELETE FROM calendar WHERE person_id = $1"
CLOSE_CALLS = "UPDATE open_call SET state = 'closed' WHERE learner_id = $1 AND state = 'open'"
FORGET_DRAFTS = "DELETE FROM draft WHERE learner_id = $1"
FORGET_REACHED = tuple(
    f"DELETE FROM {table} WHERE person_id = $1"  # noqa: S608 - tables of ours
    for table in ("contact", "delivery", "notice", "notice_preferences", "profile_reminder")
)
EMPTY = (
    EMPTY_CARDS,
    EMPTY_PLACES,
    CLOSE_CALLS,
    FORGET_DRAFTS,
    EMPTY_MESSAGES,
    DESTROY_KEYS,
    DESTROY_COPIES,
    FORGET_READING,
    FORGET_BLOCKS,
    FORGET_WISHES,
    FORGET_STATEMENTS,
    FORGET_TEXTS,
    FORGET_SETTINGS,
    FORGET_CALENDAR,
    *FORGET_REACHED,
)


def erasures() -> Consumer:
    """The reader of requests to forget somebody."""
    return Consumer("erasures", (ErasureRequestedV1.TOPIC,), take_erasures)


async def take_erasures(transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
    """Forget whom to forget."""
    await erasing.take_requests(transaction, deliveries, erase)


async def erase(transaction: Transaction, request: ErasureRequestedV1) -> int:
    """Empty what one person wrote and chose; how many rows were emptied or removed."""
    person_id = request.person_id
    await store.hold_availability(transaction, person_id)  # first, as whoever asks or blocks them does
    await transaction.execute(LEAVE, person_id, request.profile_version)
    blocked = await store.lock_blocks(transaction, person_id)
    await transaction.execute(LOCK_SESSIONS, person_id)
    rows = [int((await transaction.execute(query, person_id)).split()[-1]) for query in EMPTY]
    await store.add_departures(transaction, [person_id])
    if blocked:
        await outbox.append(transaction, [await store.block_event(transaction, person_id)])
    return sum(rows)
