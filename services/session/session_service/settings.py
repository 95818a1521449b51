"""The session service's own limits."""

from typing import Annotated

from chassis.settings import Settings as ChassisSettings
from pydantic import Field


class Settings(ChassisSettings):
    """Limits beside those of the chassis.

    `video_url_template` is how a room's name becomes its address; without one nobody meets by video. `calendar_key` (32
    random bytes, base64 for addresses) encrypts the addresses of calendars; without one nobody connects any. With
    `calendar_allow_private` they may lie in this network. `invitation_organizer` is who invites in calendars.
    """

    timer_interval_ms: int = 1_000
    timer_batch_sessions: int = 200
    video_url_template: Annotated[str, Field(pattern=r"^https://[^{}]+\{room\}[^{}]*$")] | None = None
    invitation_organizer: Annotated[str, Field(pattern="^mailto:.+@.+$")] = "mailto:flash-mentoring@example.org"
    calendar_key: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{43}=$")] | None = None
    calendar_allow_private: bool = False
    calendar_timeout_ms: int = 8_000
    calendar_max_bytes: int = 2 * 1024 * 1024
    calendar_fresh_s: int = 900
    calendar_retry_s: int = 60
    clocks_interval_ms: int = 3_600_000
