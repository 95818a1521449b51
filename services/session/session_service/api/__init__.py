"""Step 1 of the write path, and the read path: what the two of a session may ask and do. Nobody else sees anything."""

from session_service.api import availability, calendars, conversation, follow_up, meeting, outcome, sessions, surveys

ROUTERS = (
    sessions.router,
    meeting.router,
    calendars.router,
    outcome.router,
    surveys.router,
    follow_up.router,
    conversation.router,
    availability.router,
)
