"""The read path of a preview: how many people a rule would admit, said by one statement over everybody."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from flash_schemas.profile import EligibilityRule

from profile_service.model import Organisation

# Units and names are looked up in a hash, whatever the plan: a rule may hold thousands of them.
ADMITS = """
status = 'active' AND person_id NOT IN (SELECT unnest(${excluded}::uuid[])) AND (
    person_id IN (SELECT unnest(${included}::uuid[])) OR (
        (${units}::uuid[] IS NULL OR unit_id IN (SELECT unnest(${units}::uuid[])))
        AND (${job_levels}::int[] IS NULL OR job_level = ANY (${job_levels}))
        AND (${locations}::text[] IS NULL OR location = ANY (${locations}))
        AND (${languages}::text[] IS NULL OR (declared -> 'languages' ?| ${languages}
            AND coalesce(declared -> 'visibility' ->> 'languages', 'everyone') = 'everyone'))
        AND (${at_least}::int IS NULL OR
            hired_on + make_interval(months => ${at_least}) <= (now() AT TIME ZONE 'UTC')::date)
        AND (${below}::int IS NULL OR
            hired_on + make_interval(months => ${below}) > (now() AT TIME ZONE 'UTC')::date)
    )
)
"""
NAMES = ("units", "job_levels", "locations", "languages", "at_least", "below", "included", "excluded")
NOBODY: tuple[Any, ...] = ([], None, None, None, None, None, [], [])


def _admits(first: int) -> str:
    """The rule as a condition on `person`, its parameters numbered from `first`."""
    return ADMITS.format(**{name: number for number, name in enumerate(NAMES, first)})


COUNT = f"""
WITH judged AS (
    SELECT unit_id, job_level, location, coalesce({_admits(1)}, false) AS admitted,
        coalesce({_admits(1 + len(NAMES))}, false) AS present
    FROM person
)
SELECT GROUPING(unit_id, job_level, location) AS grouping, unit_id, job_level, location,
    count(*) FILTER (WHERE admitted) AS people, count(*) FILTER (WHERE admitted AND NOT present) AS joining,
    count(*) FILTER (WHERE present AND NOT admitted) AS leaving
FROM judged WHERE admitted OR present GROUP BY GROUPING SETS ((), (unit_id), (job_level), (location))
"""  # noqa: S608 - conditions of our own, values as parameters
SAMPLE = f"""
SELECT person_id, name FROM person
WHERE {_admits(1)} AND EXISTS (
    SELECT FROM jsonb_array_elements(participations) AS part
    WHERE part ->> 'program_id' = ANY (${1 + len(NAMES)}::text[]))
ORDER BY person_id LIMIT ${2 + len(NAMES)}
"""  # noqa: S608 - conditions of our own, values as parameters
COUNT_PARTICIPANTS = """
SELECT count(*) AS people, count(*) FILTER (WHERE part -> 'roles' ? 'learner') AS learners,
    count(*) FILTER (WHERE part -> 'roles' ? 'mentor') AS mentors,
    count(*) FILTER (WHERE jsonb_path_exists(part, '$.paused_until.* ? (@ > $today)',
        jsonb_build_object('today', (now() AT TIME ZONE 'UTC')::date))) AS paused
FROM person, jsonb_array_elements(participations) AS part WHERE part ->> 'program_id' = $1
"""
TOTAL, BY_UNIT, BY_JOB_LEVEL, BY_LOCATION = 0b111, 0b011, 0b101, 0b110


@dataclass(frozen=True, slots=True)
class GroupCount:
    """How many people of a group a rule would admit; `grouping` says what makes the group, a bit for what does not."""

    grouping: int
    unit_id: UUID | None
    job_level: int | None
    location: str | None
    people: int
    joining: int
    leaving: int


async def count_matches(
    transaction: Transaction, organisation: Organisation, rule: EligibilityRule, present: EligibilityRule | None
) -> list[GroupCount]:
    """Whom a rule would admit, by group, and who would join and leave against a present rule; None admits nobody."""
    before = _values(present, organisation) if present else NOBODY
    return [GroupCount(**row) for row in await transaction.fetch(COUNT, *_values(rule, organisation), *before)]


async def sample_matches(
    transaction: Transaction, organisation: Organisation, rule: EligibilityRule, programs: Collection[UUID], limit: int
) -> list[tuple[UUID, str]]:
    """Some of those whom a rule would admit and who take part in one of these programs: id and name."""
    rows = await transaction.fetch(SAMPLE, *_values(rule, organisation), [str(p) for p in programs], limit)
    return [(row["person_id"], row["name"]) for row in rows]


async def count_participants(transaction: Transaction, program_id: UUID) -> dict[str, int]:
    """How many people take part in a program, by role, and how many of them rest in one."""
    row = await transaction.fetchrow(COUNT_PARTICIPANTS, str(program_id))
    assert row, "an aggregate always has a row"
    return dict(row)


def _values(rule: EligibilityRule, organisation: Organisation) -> tuple[Any, ...]:
    """The rule as parameters, in the order of NAMES; an empty part is no condition."""
    units = organisation.of_rule(rule.units) if rule.units else None
    lists = (list(part) or None for part in (rule.job_levels, rule.locations, rule.languages))
    tenure = rule.tenure
    below = None if tenure is None or tenure.at_most_months is None else tenure.at_most_months + 1
    return units, *lists, tenure and tenure.at_least_months, below, list(rule.included), list(rule.excluded)
