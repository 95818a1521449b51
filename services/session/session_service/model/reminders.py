"""What the two are reminded of, and when. Step 3 of the write path; pure."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

ReminderKind = Literal["day_before", "hour_before", "follow_up"]
BEFORE: Mapping[ReminderKind, tuple[timedelta, timedelta]] = {
    "day_before": (timedelta(days=1), timedelta(hours=1)),
    "hour_before": (timedelta(hours=1), timedelta()),
}
"""How long before the start a reminder is due, and until when it makes sense."""
FOLLOW_UP_WITHIN = timedelta(days=7)
"""How long after its day the question whether it was of use is put at all."""
