"""How long a person's word on a skill holds. Step 3 of the write path; pure."""

from datetime import date, timedelta

from flash_schemas.profile import SKILL_CONFIRMED_DAYS


def holds_since(today: date) -> date:
    """The first day on which a confirmation still holds."""
    return today - timedelta(days=SKILL_CONFIRMED_DAYS)
