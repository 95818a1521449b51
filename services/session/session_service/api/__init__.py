"""Step 1 of the write path, and the read path: what the two of a session may ask and do. Nobody else sees anything."""

from session_service.api import availability, blocks, conversation, follow_up, meeting, reports, sessions, stream

SUBJECTS = (sessions, meeting, follow_up, conversation, stream, availability, blocks, reports)
ROUTERS = tuple(subject.router for subject in SUBJECTS)
