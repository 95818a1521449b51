"""The session service: one person asks another for one session, from the request to what came of it."""
