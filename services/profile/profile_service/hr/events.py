"""What the HR platform may say, whatever form it came in: one family of events. Pure."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal, Self

from chassis.http import Strict
from chassis.problems import field_name
from flash_schemas.base import EmailAddress
from pydantic import AwareDatetime, Field, StringConstraints, TypeAdapter, ValidationError, model_validator

from profile_service.hr.outcomes import Result
from profile_service.model import Order

MAX_PARTS = 1_000
CLOCK_AHEAD = timedelta(hours=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EventId = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
"""Without blanks around it, as SCIM's are: a number with one at its end is nobody else's number."""
Sequence = Annotated[int, Field(ge=0, lt=2**62)]
JobLevel = Annotated[int, Field(ge=1, le=20)]


class HrEvent(Strict):
    """What every event carries: the sender, the sender's id for it, and its place in the subject's own order."""

    id: EventId
    source: Annotated[str, Field(max_length=200)] = ""
    sequence: Sequence | None = None
    time: AwareDatetime

    @property
    def order(self) -> Order:
        """Its place: by `sequence`, or by `time` where one of the two compared has none."""
        return Order(self.sequence, (self.time - EPOCH) // timedelta(microseconds=1))

    @property
    def number(self) -> int:
        """Its place as one number, for whoever asks how far HR has come with somebody."""
        return self.order.at_us if self.sequence is None else self.sequence


class UnitEvent(HrEvent):
    """Something about one unit."""

    unit: Text


class UnitUpserted(UnitEvent):
    """A unit exists and is open, with this name, under this parent."""

    type: Literal["unit_upserted"]
    name: Text
    parent: Text | None = None


class UnitRenamed(UnitEvent):
    """A unit has another name."""

    type: Literal["unit_renamed"]
    name: Text


class UnitMoved(UnitEvent):
    """A unit, with all under it, lies under another parent; null makes it a root."""

    type: Literal["unit_moved"]
    parent: Text | None


class UnitClosed(UnitEvent):
    """A unit is no more: nobody joins or moves to it; who is still in it stays until moved."""

    type: Literal["unit_closed"]


class PersonEvent(HrEvent):
    """Something about one employee."""

    employee_number: Text


class PersonJoined(PersonEvent):
    """Somebody starts, or is back after having left. `manager` is an employee number, known or not yet."""

    type: Literal["person_joined"]
    name: Text
    job_title: Text
    job_level: JobLevel
    location: Text
    unit: Text
    hired_on: date | None = None
    manager: Text | None = None
    email: EmailAddress | None = None


class PersonChanged(PersonEvent):
    """Name, title, level, location, manager or e-mail changed; what is absent stays, null is no manager, no address."""

    type: Literal["person_changed"]
    name: Text | None = None
    job_title: Text | None = None
    job_level: JobLevel | None = None
    location: Text | None = None
    manager: Text | None = None
    email: EmailAddress | None = None


class PersonMoved(PersonEvent):
    """Somebody works in another unit now."""

    type: Literal["person_moved"]
    unit: Text


class PersonStatus(PersonEvent):
    """Somebody is on leave, back, or has left."""

    type: Literal["person_on_leave", "person_back", "person_left"]


class ListedUnit(Strict):
    """An open unit, as a snapshot lists it."""

    unit: Text
    name: Text
    parent: Text | None = None


class ListedPerson(Strict):
    """Somebody who is here, as a snapshot lists them; `hired_on`, `manager` and `email` stay where they are absent."""

    employee_number: Text
    name: Text
    job_title: Text
    job_level: JobLevel
    location: Text
    unit: Text
    hired_on: date | None = None
    manager: Text | None = None
    email: EmailAddress | None = None
    status: Literal["active", "on_leave"] = "active"


class PersonListed(ListedPerson, PersonEvent):
    """What a snapshot says of one person, as an event like the others."""


class SnapshotPart(HrEvent):
    """A part of a list of the whole company, at one sequence or time; takes effect once all parts are here."""

    type: Literal["snapshot"]
    snapshot: EventId
    part: Annotated[int, Field(ge=1, le=MAX_PARTS)] = 1
    last: bool = True
    confirmed: bool = False
    units: tuple[ListedUnit, ...] = ()
    people: tuple[ListedPerson, ...] = ()

    @model_validator(mode="after")
    def _nobody_twice(self) -> Self:
        for listed in ([unit.unit for unit in self.units], [person.employee_number for person in self.people]):
            if len(set(listed)) < len(listed):
                raise ValueError("a unit or an employee number stands twice in this part")
        return self


AnyHrEvent = (
    UnitUpserted
    | UnitRenamed
    | UnitMoved
    | UnitClosed
    | PersonJoined
    | PersonChanged
    | PersonMoved
    | PersonStatus
    | SnapshotPart
)
_adapter: TypeAdapter[AnyHrEvent] = TypeAdapter(Annotated[AnyHrEvent, Field(discriminator="type")])


def parse(raw: Any, now: datetime | None = None) -> AnyHrEvent | Result:
    """Read one event of the plain form, or say what is wrong with it, also with one from before 1970 or after `now`."""
    try:
        event = _adapter.validate_python(raw)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        location = fault["loc"][1:] if len(fault["loc"]) > 1 else fault["loc"]
        given = raw.get("id") if isinstance(raw, dict) else None
        return Result(given if isinstance(given, str) else None, "refused", fault["msg"], field_name(location))
    if event.time < EPOCH:  # a sender's empty date; further back, neither Python nor PostgreSQL tells the time in UTC
        return Result(event.id, "refused", "this is from before 1970; say when it happened", "time")
    if now and event.time > now + CLOCK_AHEAD:
        return Result(event.id, "refused", "this has not happened yet; check the sender's clock", "time")
    return event
