"""The read path of what a learner may expect of a mentor before asking: from behaviour, never from promises."""

from datetime import UTC, datetime
from uuid import UUID

from chassis.database import Transaction
from chassis.problems import NotFound

from session_service import model, store
from session_service.answers import ExpectationAnswer


async def expect(
    transaction: Transaction, by: UUID, mentor_id: UUID, program_id: UUID, skill_id: UUID | None
) -> ExpectationAnswer:
    """How soon this mentor answers, what is left of their month, how often they helped. Raises NotFound."""
    at, policy = datetime.now(UTC), await store.policy(transaction, program_id)
    learner, mentor = await store.member(transaction, by), await store.member(transaction, mentor_id)
    there = learner and mentor and learner.takes_part(program_id, "learner") and mentor.takes_part(program_id, "mentor")
    if policy is None or mentor is None or not there or not await store.may_meet(transaction, by, mentor_id):
        raise NotFound
    availability = await store.availability(transaction, mentor_id, at)
    skill = await store.skill_now(transaction, skill_id)
    left = availability.slots_left(policy.sessions_per_mentor_and_month)
    return ExpectationAnswer(
        person_id=mentor_id,
        takes_requests=left > 0 and not model.resting(mentor, availability, program_id, at.date()),
        answer_time_band=model.band_of(availability.median_answer_s),
        month=availability.month,
        slots_left=left,
        helped=await store.count_helped(transaction, mentor_id, skill, at.date()),
    )
