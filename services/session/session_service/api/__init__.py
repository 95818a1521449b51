"""Step 1 of the write path, and the read path: what the two of a session may ask and do. Nobody else sees anything."""

from session_service.api import (
    answering,
    asking,
    availability,
    conversation,
    follow_up,
    meeting,
    notices,
    one_tap,
    open_calls,
    outcome,
    sessions,
    surveys,
)

ROUTERS = (
    sessions.router,
    asking.router,
    answering.router,
    one_tap.router,
    open_calls.router,
    meeting.router,
    outcome.router,
    surveys.router,
    follow_up.router,
    conversation.router,
    availability.router,
    notices.router,
    notices.open_router,
)
