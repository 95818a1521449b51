"""The rules about programs and who takes part. Step 3 of the write path: pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from chassis.outbox import Outgoing
from chassis.problems import Refused
from flash_schemas.base import Role, Value
from flash_schemas.profile import (
    EligibilityRule,
    Objective,
    Participation,
    ProgramChangedV1,
    RequestPolicy,
    SearchFields,
)

from profile_service.model.organisation import Organisation
from profile_service.model.people import Person
from profile_service.model.versions import check_version

RATIO_METRICS = frozenset({"relationship_ratio", "survey_response_ratio", "satisfaction_ratio", "acceptance_ratio"})
ALL_ROLES: tuple[Role, ...] = ("learner", "mentor")


class ProgramBody(Value):
    """What an owner sets in a program."""

    name: str
    objectives: tuple[Objective, ...]
    eligibility: EligibilityRule = EligibilityRule()
    search_fields: SearchFields = SearchFields()
    request_policy: RequestPolicy = RequestPolicy()
    starts_on: date
    ends_on: date | None = None

    def check(self) -> None:
        """Raise Refused, naming the field, for an objective that could never be judged or a period without days."""
        if self.ends_on and self.ends_on < self.starts_on:
            raise Refused("The period ends before it starts.", field="ends_on")
        for index, objective in enumerate(self.objectives):
            if objective.metric in RATIO_METRICS and objective.target > 1:
                raise Refused("A ratio is at most 1.", field=f"objectives[{index}].target")
            if objective.due < self.starts_on:
                raise Refused("Due before the program starts.", field=f"objectives[{index}].due")


@dataclass(frozen=True, slots=True)
class Program:
    """A program and who owns it."""

    program_id: UUID
    version: int
    owners: tuple[UUID, ...]
    body: ProgramBody
    status: str = "active"

    def event(self, change: str) -> Outgoing:
        """The whole program as the event that tells of this change."""
        values = {"program_id": self.program_id, "change": change, "status": self.status, "owners": self.owners}
        return Outgoing(ProgramChangedV1.model_validate({**dict(self.body), **values}), self.version)

    def edited(self, body: ProgramBody, expected_version: int) -> "Program":
        """The program with another body. Raises PreconditionFailed, Refused."""
        check_version(self.version, expected_version)
        body.check()
        return replace(self, body=body, version=self.version + 1)


def eligible(person: Person, rule: EligibilityRule) -> bool:
    """Whether the rule admits somebody who stands where this person stands."""
    if person.status != "active":
        return False
    leaf = person.unit_path[-1].unit_id
    path = {ref.unit_id for ref in person.unit_path}
    in_units = any(u.unit_id in path if u.with_sub_units else u.unit_id == leaf for u in rule.units)
    return (
        (not rule.units or in_units)
        and (not rule.job_levels or person.job_level in rule.job_levels)
        and (not rule.locations or person.location in rule.locations)
    )


def placed(person: Person, organisation: Organisation, programs: Iterable[Program]) -> Person:
    """The person with the path and the participations that follow from the tree, the rules and their own choices."""
    stands = replace(person, unit_path=organisation.path(person.unit_id))
    return replace(stands, participations=tuple(_participations(stands, programs)))


def _participations(person: Person, programs: Iterable[Program]) -> Iterable[Participation]:
    for program in sorted(programs, key=lambda program: program.program_id):
        roles = person.choices.get(str(program.program_id), ALL_ROLES)
        if program.status == "active" and roles and eligible(person, program.body.eligibility):
            yield Participation(program_id=program.program_id, roles=roles)
