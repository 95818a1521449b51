"""The session service's own limits."""

from typing import Annotated

from chassis.settings import Settings as ChassisSettings
from pydantic import Field


class Settings(ChassisSettings):
    """Limits beside those of the chassis. `video_url_template` is how a room's name becomes its address; without one
    nobody meets by video. `invitation_organizer` is who invites in calendars.
    """

    timer_interval_ms: int = 1_000
    timer_batch_sessions: int = 200
    video_url_template: Annotated[str, Field(pattern=r"^https://[^{}]+\{room\}[^{}]*$")] | None = None
    invitation_organizer: Annotated[str, Field(pattern="^mailto:.+@.+$")] = "mailto:flash-mentoring@example.org"
    clocks_interval_ms: int = 3_600_000
