"""Step 1 of the write path, and the read path: the routes of the profile service, by subject."""

from profile_service.api import (
    erasure,
    export,
    hr,
    oversight,
    people,
    photos,
    program_life,
    programs,
    skills,
    suggestions,
)

ROUTERS = (
    hr.router,
    people.router,
    photos.router,
    suggestions.router,
    programs.router,
    program_life.router,
    oversight.router,
    skills.router,
    erasure.router,
    export.router,
)
