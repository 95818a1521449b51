"""The day on which two met is that of the place where they were, which may not be that of UTC."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from chassis.problems import Refused
from session_service import model
from session_service.model import Session


def session(asked: datetime) -> Session:
    ids = [uuid4() for _ in range(4)]
    return Session(
        ids[0], 2, "accepted", ids[1], ids[2], ids[3], None, "x", "", "lunch", 30, asked, asked, answer_by=asked
    )


def test_somebody_east_of_utc_says_so_in_the_morning_of_their_day() -> None:
    in_auckland = datetime(2026, 12, 2, 21, tzinfo=UTC)
    step = model.held(one := session(datetime(2026, 12, 1, tzinfo=UTC)), one.learner_id, date(2026, 12, 3), in_auckland)
    assert step.session.held_on == date(2026, 12, 3)


def test_somebody_west_of_utc_met_on_the_evening_on_which_they_asked() -> None:
    in_los_angeles = datetime(2026, 12, 2, 1, tzinfo=UTC)
    step = model.held(one := session(in_los_angeles), one.learner_id, date(2026, 12, 1), in_los_angeles)
    assert step.session.held_on == date(2026, 12, 1)


@pytest.mark.parametrize("held_on", [date(2026, 11, 30), date(2026, 12, 4)])
def test_a_day_that_it_was_nowhere_is_refused(held_on: date) -> None:
    one = session(datetime(2026, 12, 1, 12, tzinfo=UTC))
    with pytest.raises(Refused):
        model.held(one, one.learner_id, held_on, datetime(2026, 12, 3, 9, tzinfo=UTC))
