"""Step 1 of the write path, and the read path: what the two of a session may ask and do. Nobody else sees anything."""

from session_service.api import (
    answering,
    asking,
    availability,
    conversation,
    follow_up,
    meeting,
    one_tap,
    open_calls,
    sessions,
)

ROUTERS = (
    sessions.router,
    asking.router,
    answering.router,
    one_tap.router,
    open_calls.router,
    meeting.router,
    follow_up.router,
    conversation.router,
    availability.router,
)
