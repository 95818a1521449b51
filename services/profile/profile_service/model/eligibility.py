"""The rule of who may take part in a program. Step 3 of the write path: pure.

`store/previews.py` says the same in SQL, for counting a hundred thousand people at once; a test holds the two together.
"""

from calendar import monthrange
from datetime import MAXYEAR, date

from flash_schemas.profile import EligibilityRule, TenureRule

from profile_service.model.people import Person


def eligible(person: Person, rule: EligibilityRule, today: date | None = None) -> bool:
    """Whether the rule admits somebody who stands where this person stands. Without a day, nobody has a tenure."""
    if person.status != "active" or person.person_id in rule.excluded:
        return False
    return person.person_id in rule.included or (
        _in_units(person, rule)
        and (not rule.job_levels or person.job_level in rule.job_levels)
        and (not rule.locations or person.location in rule.locations)
        and (not rule.languages or not shown_languages(person).isdisjoint(rule.languages))
        and (rule.tenure is None or _has_tenure(person.hired_on, rule.tenure, today))
    )


def shown_languages(person: Person) -> frozenset[str]:
    """The languages that decide where somebody takes part.

    One that somebody hides decides nothing: whoever sees who takes part would learn it.
    """
    hidden = person.declared.visibility.get("languages", "everyone") != "everyone"
    return frozenset() if hidden else frozenset(person.declared.languages)


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or the last one of a month too short for it; at most the calendar's last."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if year > MAXYEAR:
        return date.max
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _in_units(person: Person, rule: EligibilityRule) -> bool:
    if not rule.units:
        return True
    leaf = person.unit_path[-1].unit_id
    path = {ref.unit_id for ref in person.unit_path}
    return any(u.unit_id in path if u.with_sub_units else u.unit_id == leaf for u in rule.units)


def _has_tenure(hired_on: date | None, tenure: TenureRule, today: date | None) -> bool:
    if hired_on is None or today is None or months_later(hired_on, tenure.at_least_months) > today:
        return False
    return tenure.at_most_months is None or today < months_later(hired_on, tenure.at_most_months + 1)
