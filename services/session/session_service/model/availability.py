"""What a mentor can still take. Step 3 of the write path; pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from chassis.outbox import Outgoing
from flash_schemas.session import AvailabilityChangedV1


def month_of(at: datetime) -> str:
    """The calendar month (UTC) as YYYY-MM."""
    return f"{at.astimezone(UTC):%Y-%m}"


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
