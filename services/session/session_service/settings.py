"""The session service's own limits."""

from typing import Literal

from chassis.settings import Settings as ChassisSettings


class Settings(ChassisSettings):
    """Limits beside those of the chassis. Without `smtp_host` no mail is made; all else works."""

    timer_interval_ms: int = 1_000
    timer_batch_sessions: int = 200

    public_url: str = "http://127.0.0.1:8000"
    """Where people open the platform, for links."""
    link_secret: str = ""
    """Signs links that work without signing in; without one, the database's address does."""
    default_language: Literal["en", "de"] = "en"
    default_time_zone: str = "UTC"
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_tls: Literal["none", "starttls", "tls"] = "starttls"
    smtp_username: str | None = None
    smtp_password: str | None = None
    mail_from: str = "Flash Mentoring <noreply@localhost>"
    slack_hosts: str = "hooks.slack.com"
    teams_hosts: str = "*.webhook.office.com,*.logic.azure.com,*.api.powerplatform.com"
    """Where people's webhooks may lie, with commas between."""
    notice_batch: int = 200
    notice_interval_ms: int = 1_000
    notice_keep_days: int = 90
    delivery_batch: int = 10
    delivery_attempts: int = 8
    delivery_lease_ms: int = 180_000
