"""Step 1 of the write path, and the read path: what the two of a session may ask and do. Nobody else sees anything."""

from session_service.api import (
    answering,
    asking,
    availability,
    blocks,
    calendars,
    conversation,
    follow_up,
    meeting,
    notices,
    one_tap,
    open_calls,
    outcome,
    reports,
    sessions,
    stream,
    surveys,
)

SUBJECTS = (
    sessions,
    asking,
    answering,
    one_tap,
    open_calls,
    meeting,
    calendars,
    outcome,
    surveys,
    follow_up,
    conversation,
    stream,
    availability,
    blocks,
    reports,
    notices,
)
ROUTERS = (*(subject.router for subject in SUBJECTS), notices.open_router)
