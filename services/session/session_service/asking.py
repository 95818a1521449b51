"""The rules of asking: who may ask whom, and what a mentor can still take. Step 3 of the write path; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

from chassis.outbox import Outgoing
from chassis.problems import Conflict, NotFound, Refused
from flash_schemas.base import Role
from flash_schemas.profile import RequestPolicy
from flash_schemas.session import AvailabilityChangedV1, Format


@dataclass(frozen=True, slots=True)
class Member:
    """What is known here of a person: status, roles by program, and those that rest there until a day (ISO)."""

    person_id: UUID
    status: str = "active"
    participations: Mapping[str, tuple[Role, ...]] = field(default_factory=dict)
    pauses: Mapping[str, Mapping[Role, str]] | None = None

    def takes_part(self, program_id: UUID, role: Role) -> bool:
        """Whether they are there and have this role in the program."""
        return self.status == "active" and role in self.participations.get(str(program_id), ())

    def rests(self, program_id: UUID, role: Role, today: date) -> bool:
        """Whether they take a break from this role in the program; what is under way goes on."""
        until = (self.pauses or {}).get(str(program_id), {}).get(role)
        return until is not None and date.fromisoformat(until) > today


@dataclass(frozen=True, slots=True)
class Availability:
    """What a mentor takes a month, how much of this month is used, and how many requests wait for them."""

    person_id: UUID
    version: int
    capacity: int | None
    paused_until: date | None
    month: str
    slots_used: int
    open_requests: int

    def slots_left(self, policy_limit: int) -> int:
        """How many more they can accept this month. A lowered capacity breaks no promise: never below 0."""
        return max(0, self.limit(policy_limit) - self.slots_used)

    def limit(self, policy_limit: int) -> int:
        """Their own capacity, at most the program's."""
        return policy_limit if self.capacity is None else min(self.capacity, policy_limit)

    def paused(self, today: date) -> bool:
        """Whether they take nothing at present."""
        return self.paused_until is not None and self.paused_until > today

    def event(self, policy_limit: int) -> Outgoing:
        """What search needs to know of it."""
        return Outgoing(
            AvailabilityChangedV1(
                person_id=self.person_id,
                month=self.month,
                capacity=self.limit(policy_limit),
                slots_left=self.slots_left(policy_limit),
                open_requests=self.open_requests,
                paused_until=self.paused_until,
            ),
            self.version,
        )


@dataclass(frozen=True, slots=True)
class Ask:
    """What a learner asks for."""

    program_id: UUID
    mentor_id: UUID
    skill_id: UUID | None
    want_to_learn: str
    tried: str
    format: Format
    minutes: int
    by_when: date | None
    formal_goal: Mapping[str, str] | None = None


def month_of(at: datetime) -> str:
    """The calendar month (UTC) as YYYY-MM."""
    return f"{at.astimezone(UTC):%Y-%m}"


def check_ask(
    ask: Ask, learner: Member, mentor: Member | None, availability: Availability, policy: RequestPolicy, at: datetime
) -> None:
    """Raise NotFound, Refused or Conflict when this learner cannot ask this mentor now."""
    if not learner.takes_part(ask.program_id, "learner"):
        raise NotFound
    if ask.mentor_id == learner.person_id:
        raise Refused("Ask somebody else.", field="mentor_id")
    if mentor is None or not mentor.takes_part(ask.program_id, "mentor"):
        raise Refused("Nobody with this id takes part as a mentor.", field="mentor_id")
    if ask.minutes not in policy.session_minutes:
        allowed = ", ".join(map(str, policy.session_minutes))
        raise Refused(f"In this program a session lasts {allowed} minutes.", field="minutes")
    if ask.by_when and ask.by_when < at.date():
        raise Refused("This day is over.", field="by_when")
    if learner.rests(ask.program_id, "learner", at.date()):
        raise Conflict("You rest as a learner in this program: end your pause first.")
    _check_free(ask, mentor, availability, policy, at.date())


def _check_free(ask: Ask, mentor: Member, availability: Availability, policy: RequestPolicy, today: date) -> None:
    rests = availability.paused(today) or mentor.rests(ask.program_id, "mentor", today)
    if rests or not availability.slots_left(policy.sessions_per_mentor_and_month):
        raise Conflict("This mentor cannot take a request at present: ask somebody else.", field="mentor_id")
