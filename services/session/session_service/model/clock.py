"""The time that a request has. Step 3 of the write path; pure.

Time runs while it is the mentor's turn. Everything that passes with time alone is a date on the session: no timer is
set anywhere else, so none can be lost, and a stopped clock runs on by itself when the learner stays away for too long.
"""

from dataclasses import replace
from datetime import date, datetime, time, timedelta, tzinfo

from flash_schemas.profile import RequestPolicy

from session_service.model.session import Session

LONGEST_STOP = timedelta(hours=72)


def answer_by(since: datetime, policy: RequestPolicy) -> datetime:
    """Until when a program wants an answer."""
    return since + timedelta(hours=policy.answer_within_hours)


def timed(session: Session, since: datetime) -> Session:
    """The session with the dates that follow from its others: the deadline, and the reminder half-way from `since`."""
    expires_at = deadline(session.answer_by, session.by_when_ends_at)
    quiet = session.reminded or session.clock_stopped_at
    return replace(session, expires_at=expires_at, remind_at=None if quiet else since + (expires_at - since) / 2)


def deadline(answer_by: datetime, by_when_ends_at: datetime | None) -> datetime:
    """The program's time, or the end of the learner's day, whichever is first."""
    return min(answer_by, by_when_ends_at or answer_by)


def day_ends_at(day: date, zone: tzinfo) -> datetime:
    """The last moment of a day where somebody is, in the time of there: in UTC the last of all days might not end."""
    return datetime.combine(day, time.max, zone)


def stopped(session: Session, at: datetime) -> Session:
    """It is the learner's turn: the mentor's time stands still, for as long as a learner may take."""
    return timed(replace(session, clock_stopped_at=at, answer_by=session.answer_by + LONGEST_STOP), at)


def resumed(session: Session, at: datetime) -> Session:
    """It is the mentor's turn again, with the time that was left; the same session if the clock ran."""
    if session.clock_stopped_at is None:
        return session
    unused = max(timedelta(), LONGEST_STOP - (at - session.clock_stopped_at))
    return timed(replace(session, clock_stopped_at=None, answer_by=session.answer_by - unused), at)


def reminded(session: Session) -> Session:
    """Half of the time is over and the mentor was told so, once."""
    return replace(session, reminded=True, remind_at=None)
