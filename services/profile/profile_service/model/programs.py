"""The rules about programs and who takes part. Step 3 of the write path: pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, get_args
from uuid import UUID, uuid4

from chassis.outbox import Outgoing
from chassis.problems import Conflict, Refused
from flash_schemas.base import Role, Value
from flash_schemas.profile import (
    EligibilityRule,
    Metric,
    Objective,
    Participation,
    ProgramChangedV1,
    RequestPolicy,
    SearchFields,
    SurveyQuestion,
)

from profile_service.model.choices import Choice
from profile_service.model.eligibility import eligible
from profile_service.model.organisation import Organisation
from profile_service.model.people import Person, may_own
from profile_service.model.versions import check_version

RATIO_METRICS = frozenset(metric for metric in get_args(Metric) if "_ratio" in metric)
MEAN_METRICS = frozenset(metric for metric in get_args(Metric) if "_mean" in metric)
HIGHEST_RATING = 5
ALL_ROLES: tuple[Role, ...] = ("learner", "mentor")
UNCHOSEN = Choice(roles=ALL_ROLES)
MAX_OWNERS = 20
JOB_LEVELS = range(1, 21)
MINUTES_OF_A_DAY = 24 * 60
ONE_DAY = timedelta(days=1)


class ProgramBody(Value):
    """What an owner sets in a program."""

    name: str
    objectives: tuple[Objective, ...]
    eligibility: EligibilityRule = EligibilityRule()
    search_fields: SearchFields = SearchFields()
    request_policy: RequestPolicy = RequestPolicy()
    starts_on: date
    ends_on: date | None = None
    communication: str = ""
    survey_questions: tuple[SurveyQuestion, ...] = ()

    def check(self) -> None:
        """Raise Refused, naming the field, for a body that could never do what it says."""
        if self.ends_on and self.ends_on < self.starts_on:
            raise Refused("The period ends before it starts.", field="ends_on")
        for index, objective in enumerate(self.objectives):
            if objective.metric in RATIO_METRICS and objective.target > 1:
                raise Refused("A ratio is at most 1.", field=f"objectives[{index}].target")
            if objective.metric in MEAN_METRICS and objective.target > HIGHEST_RATING:
                raise Refused("A rating is at most 5.", field=f"objectives[{index}].target")
            if objective.due < self.starts_on:
                raise Refused("Due before the program starts.", field=f"objectives[{index}].due")
        if len(set(self.survey_questions)) < len(self.survey_questions):
            raise Refused("The same question is there twice.", field="survey_questions")
        _check_each(
            self.request_policy.session_minutes, range(1, MINUTES_OF_A_DAY + 1), "request_policy.session_minutes"
        )
        check_rule(self.eligibility)

    def repeated(self, period: "Period") -> "ProgramBody":
        """The same for another period: objectives become new ones, due as long after the start as before."""
        later = period.starts_on - self.starts_on
        dues = [shifted(objective.due, later, "starts_on") for objective in self.objectives]
        pairs = zip(self.objectives, dues, strict=True)
        objectives = [o.model_copy(update={"objective_id": uuid4(), "due": due}) for o, due in pairs]
        return self.model_copy(update={**dict(period), "objectives": tuple(objectives)})


class Period(Value):
    """When a program runs, both days included, and what it is called then."""

    name: str
    starts_on: date
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class Program:
    """A program and who owns it; one that was rolled over is continued by the program that names it in `continues`.

    `judged_on` is the day (UTC) for which it was read: its period and its rule hold on some days and not on others.
    One that was only just made has none, and is taken to run.
    """

    program_id: UUID
    version: int
    owners: tuple[UUID, ...]
    body: ProgramBody
    status: str = "active"
    continues: UUID | None = None
    judged_on: date | None = None

    def event(self, change: str) -> Outgoing:
        """The whole program as the event that tells of this change."""
        values = {"program_id": self.program_id, "change": change, "status": self.status, "owners": self.owners}
        return Outgoing(ProgramChangedV1.model_validate({**dict(self.body), **values}), self.version)

    def state(self) -> dict[str, Any]:
        """What the audit log keeps of it."""
        about = {"version": self.version, "status": self.status, "owners": [str(owner) for owner in self.owners]}
        return {**about, **self.body.model_dump(mode="json")}

    @property
    def runs(self) -> bool:
        """Whether people take part today."""
        started = self.judged_on is None or self.body.starts_on <= self.judged_on
        return self.status == "active" and started and not self.is_over

    @property
    def is_over(self) -> bool:
        """Whether its last day has passed."""
        return bool(self.judged_on and self.body.ends_on and self.body.ends_on < self.judged_on)

    def owned_by(self, person_id: UUID, person: Person | None) -> bool:
        """Whether somebody owns it, who may own programs still."""
        return person_id in self.owners and may_own(person)

    def edited(self, body: ProgramBody, expected_version: int) -> "Program":
        """The program with another body. Raises PreconditionFailed, Conflict, Refused."""
        self._check_editable(expected_version)
        body.check()
        return replace(self, body=body, version=self.version + 1)

    def archived(self) -> "Program":
        """The program at its end: nobody takes part any more, and it stays as it is. Raises Conflict."""
        if self.status == "archived":
            raise Conflict("This program is archived already.")
        return replace(self, status="archived", version=self.version + 1)

    def with_owner(self, person_id: UUID, expected_version: int) -> "Program":
        """The program with one owner more. Raises PreconditionFailed, Conflict."""
        self._check_editable(expected_version)
        if person_id in self.owners:
            raise Conflict("This person owns the program already.", field="person_id")
        if len(self.owners) >= MAX_OWNERS:
            raise Conflict(f"A program has at most {MAX_OWNERS} owners.", field="person_id")
        return replace(self, owners=(*self.owners, person_id), version=self.version + 1)

    def without_owner(self, person_id: UUID, expected_version: int) -> "Program":
        """The program with one owner less, never none. Raises PreconditionFailed, Conflict."""
        self._check_editable(expected_version)
        left = tuple(owner for owner in self.owners if owner != person_id)
        if left == self.owners:
            raise Conflict("This person does not own the program.", field="person_id")
        if not left:
            raise Conflict("The last owner cannot leave: add another first, or archive the program.", field="person_id")
        return replace(self, owners=left, version=self.version + 1)

    def cloned(self, program_id: UUID, owner: UUID, period: Period) -> "Program":
        """Another program like this one, that knows nothing of it. Raises Refused."""
        return _checked(Program(program_id, 1, (owner,), self.body.repeated(period)))

    def continued(self, program_id: UUID, period: Period) -> "Program":
        """The program that takes over from this one; people's choices hold in it, too. Raises Refused."""
        if period.starts_on <= self.body.starts_on:
            raise Refused("The next period starts after this one.", field="starts_on")
        following = Program(program_id, 1, self.owners, self.body.repeated(period), continues=self.program_id)
        return _checked(following)

    def ending_before(self, following: date) -> "Program":
        """The program that ends before another starts; archived if that has come, else when it comes."""
        last = min(self.body.ends_on or date.max, following - ONE_DAY)
        body = self.body.model_copy(update={"ends_on": last})
        over = bool(self.judged_on and last < self.judged_on)
        return replace(self, body=body, status="archived" if over else "active", version=self.version + 1)

    def _check_editable(self, expected_version: int) -> None:
        check_version(self.version, expected_version)
        if self.status == "archived":
            raise Conflict("An archived program stays as it is; clone it to go on.")


def shifted(day: date, by: timedelta, field: str) -> date:
    """The day that much later. Raises Refused, naming the field that led there, beyond the end of the calendar."""
    try:
        return day + by
    except OverflowError:
        raise Refused("This leads beyond the end of the calendar.", field=field) from None


def check_rule(rule: EligibilityRule) -> None:
    """Raise Refused, naming the field, for a rule that contradicts itself or names a level that nobody can have."""
    _check_each(rule.job_levels, JOB_LEVELS, "eligibility.job_levels")
    tenure = rule.tenure
    if tenure and tenure.at_most_months is not None and tenure.at_least_months > tenure.at_most_months:
        raise Refused("No tenure is that long and that short.", field="eligibility.tenure.at_most_months")


def placed(person: Person, organisation: Organisation, programs: Iterable[Program]) -> Person:
    """The person with the path and the participations that follow from the tree, the rules and their own choices.

    `programs` are all there are: a choice made in one holds in the program that continues it.
    """
    stands = replace(person, unit_path=organisation.path(person.unit_id))
    return replace(stands, participations=tuple(_participations(stands, {p.program_id: p for p in programs})))


def _participations(person: Person, programs: Mapping[UUID, Program]) -> Iterable[Participation]:
    for program_id, program in sorted(programs.items()):
        choice = _choice(person, program, programs)
        if program.runs and choice.roles and eligible(person, program.body.eligibility, program.judged_on):
            yield Participation(program_id=program_id, **dict(choice))


def _choice(person: Person, program: Program | None, programs: Mapping[UUID, Program]) -> Choice:
    """What somebody chose in a program or, going back, in one that it continues."""
    while program:
        if choice := person.choices.get(str(program.program_id)):
            return choice
        program = programs.get(program.continues) if program.continues else None
    return UNCHOSEN


def _check_each(numbers: Iterable[int], allowed: range, field: str) -> None:
    for index, number in enumerate(numbers):
        if number not in allowed:
            raise Refused(f"From {allowed[0]} to {allowed[-1]}.", field=f"{field}[{index}]")


def _checked(program: Program) -> Program:
    program.body.check()
    return program
