"""The session service's own limits."""

from typing import Annotated, Literal

from chassis.settings import Settings as ChassisSettings
from pydantic import AfterValidator, Field, ValidationInfo

from session_service.sealing import Keyring


def _readable(master_keys: str) -> str:
    Keyring.of(master_keys)
    return master_keys


def _not_in_clear_text(password: str | None, info: ValidationInfo) -> str | None:
    if password and info.data.get("smtp_tls") == "none":
        raise ValueError("a password needs smtp_tls")
    return password


class Settings(ChassisSettings):
    """Limits beside those of the chassis. Without `smtp_host` no mail is made; all else works.

    `video_url_template` is how a room's name becomes its address; without one nobody meets by video. With
    `calendar_allow_private` people's calendars may lie in this network. `invitation_organizer` is who invites in them.

    `link_key` signs links that work without signing in: those that answer a request, and those that unsubscribe.
    """

    message_master_keys: Annotated[str, AfterValidator(_readable), Field(repr=False)]
    """32 bytes in URL-safe base64, or several with commas: the first wraps, all unwrap."""

    link_key: Annotated[str, Field(min_length=32, repr=False)]
    timer_interval_ms: int = 1_000
    timer_batch_sessions: int = 50
    gauge_interval_ms: int = 15_000
    clocks_interval_ms: int = 3_600_000
    sealing_interval_ms: int = 60_000
    sealing_batch_messages: int = 200
    report_copies_interval_ms: int = 3_600_000
    report_copy_keep_days: Annotated[int, Field(ge=1)] = 180
    """How long after the decision on a reported message its copy is kept."""

    stream_poll_interval_ms: int = 25
    stream_heartbeat_s: int = 15
    stream_keep_hours: int = 24
    stream_room_items: int = 500
    streams_per_person: int = 8

    video_url_template: Annotated[str, Field(pattern=r"^https://[^{}]+\{room\}[^{}]*$")] | None = None
    invitation_organizer: Annotated[str, Field(pattern="^mailto:.+@.+$")] = "mailto:flash-mentoring@example.org"
    calendar_allow_private: bool = False
    calendar_timeout_ms: int = 8_000
    calendar_max_bytes: int = 2 * 1024 * 1024
    calendar_fresh_s: int = 900
    calendar_retry_s: int = 60

    public_url: str = "http://127.0.0.1:8000"
    """Where people open the platform, for links."""
    default_language: Literal["en", "de"] = "en"
    default_time_zone: str = "UTC"
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_tls: Literal["none", "starttls", "tls"] = "starttls"
    smtp_username: str | None = None
    smtp_password: Annotated[str | None, AfterValidator(_not_in_clear_text), Field(repr=False)] = None
    """Needs `smtp_tls`."""
    mail_from: str = "Flash Mentoring <noreply@localhost>"
    slack_hosts: str = "hooks.slack.com"
    teams_hosts: str = "*.webhook.office.com,*.logic.azure.com,*.api.powerplatform.com"
    """Where people's webhooks may lie, with commas between."""
    notice_batch: int = 200
    notice_interval_ms: int = 1_000
    notice_keep_days: int = 90
    confirmation_interval_ms: int = 600_000
    delivery_batch: int = 10
    delivery_attempts: int = 8
    delivery_lease_ms: int = 180_000
