"""What the preview of a rule answers."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.http import Answer

from profile_service import model
from profile_service.model import Organisation
from profile_service.store import GroupCount
from profile_service.store.previews import BY_JOB_LEVEL, BY_LOCATION, BY_UNIT, TOTAL


class PreviewGroup(Answer):
    """People who have one thing in common; `value` is what a rule would name it by."""

    value: str
    label: str
    people: int


class Breakdown(Answer):
    """Groups of 5 people or more, largest first; `others` are all the rest together, never 1 to 4 beside a group."""

    groups: list[PreviewGroup]
    others: int

    @classmethod
    def of(cls, people: Mapping[Any, int], labels: Mapping[Any, str] | None = None) -> "Breakdown":
        """The groups that may be shown."""
        shown, others = model.broken_down(people)
        groups = [
            PreviewGroup(value=str(value), label=labels[value] if labels else str(value), people=size)
            for value, size in shown.items()
        ]
        return cls(groups=groups, others=others)


class PreviewPerson(Answer):
    """Somebody the rule would admit, of those whom the owner may see."""

    person_id: UUID
    name: str


class PreviewAnswer(Answer):
    """Whom a rule would admit: all of them counted, some named. Departments are the units below the root.

    `would_join` and `would_drop_out` compare with the present rule of the program that was named.
    """

    people: int
    would_join: int | None
    would_drop_out: int | None
    departments: Breakdown
    job_levels: Breakdown
    locations: Breakdown
    sample: list[PreviewPerson]

    @classmethod
    def of(
        cls,
        counts: Sequence[GroupCount],
        organisation: Organisation,
        sample: Iterable[tuple[UUID, str]],
        *,
        compared: bool,
    ) -> "PreviewAnswer":
        """The counts as they may be shown."""
        total = next((count for count in counts if count.grouping == TOTAL), None)
        departments, names = _departments(counts, organisation)
        return cls(
            people=total.people if total else 0,
            would_join=(total.joining if total else 0) if compared else None,
            would_drop_out=(total.leaving if total else 0) if compared else None,
            departments=Breakdown.of(departments, names),
            job_levels=Breakdown.of({c.job_level: c.people for c in counts if c.grouping == BY_JOB_LEVEL}),
            locations=Breakdown.of({c.location: c.people for c in counts if c.grouping == BY_LOCATION}),
            sample=[PreviewPerson(person_id=person_id, name=name) for person_id, name in sample],
        )


def _departments(counts: Iterable[GroupCount], organisation: Organisation) -> tuple[dict[UUID, int], dict[UUID, str]]:
    people: dict[UUID, int] = {}
    names: dict[UUID, str] = {}
    for count in counts:
        if count.grouping == BY_UNIT and count.unit_id:
            department = organisation.path(count.unit_id)[:2][-1]
            people[department.unit_id] = people.get(department.unit_id, 0) + count.people
            names[department.unit_id] = department.name
    return people, names
