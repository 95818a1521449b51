"""What a mentor can still take. Step 3 of the write path; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from chassis.outbox import Outgoing
from flash_schemas.session import AnswerTimeBand, AvailabilityChangedV1, Vacation

DAY_S = 86_400
SILENT_REQUESTS = 3
"""After so many unanswered requests in a row a mentor is paused until they say that they are back."""


def month_of(at: datetime) -> str:
    """The calendar month (UTC) as YYYY-MM."""
    return f"{at.astimezone(UTC):%Y-%m}"


def band_of(median_answer_s: float | None) -> AnswerTimeBand:
    """How long somebody usually takes to react, as a band; None is not enough known."""
    if median_answer_s is None:
        return "unknown"
    if median_answer_s <= DAY_S:
        return "within_a_day"
    return "within_three_days" if median_answer_s <= 3 * DAY_S else "longer"


def away_on(vacation: Mapping[str, str], today: date) -> bool:
    """Whether a day is one of a vacation."""
    return date.fromisoformat(vacation["starts_on"]) <= today < date.fromisoformat(vacation["back_on"])


def next_start(vacations: Iterable[Mapping[str, str]], today: date) -> date | None:
    """When the next vacation begins that has not begun yet."""
    starts = (date.fromisoformat(vacation["starts_on"]) for vacation in vacations)
    return min((start for start in starts if start > today), default=None)


@dataclass(frozen=True, slots=True)
class Availability:
    """What a mentor takes a month, how much of this month is used, and how many requests wait for them.

    `median_answer_s` is over their last ten requests, unanswered ones among them; None for fewer than three.
    """

    person_id: UUID
    version: int
    capacity: int | None
    paused_until: date | None
    month: str
    slots_used: int
    open_requests: int
    median_answer_s: float | None = None
    vacations: Sequence[Mapping[str, str]] = ()
    silent: int = 0
    silent_since: datetime | None = None

    def slots_left(self, policy_limit: int) -> int:
        """How many more they can accept this month. A lowered capacity breaks no promise: never below 0."""
        return max(0, self.limit(policy_limit) - self.slots_used)

    def limit(self, policy_limit: int) -> int:
        """Their own capacity, at most the program's."""
        return policy_limit if self.capacity is None else min(self.capacity, policy_limit)

    def paused(self, today: date) -> bool:
        """Whether they take nothing at present: by their own word, or because they were silent."""
        by_word = self.paused_until is not None and self.paused_until > today
        return by_word or self.silent_since is not None or any(away_on(each, today) for each in self.vacations)

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
                answer_time_band=band_of(self.median_answer_s),
                slots_used=self.slots_used,
                vacations=tuple(Vacation.model_validate(each) for each in self.vacations),
                silent=self.silent_since is not None,
            ),
            self.version,
        )
