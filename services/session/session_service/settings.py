"""The session service's own limits."""

from typing import Annotated

from chassis.settings import Settings as ChassisSettings
from pydantic import AfterValidator, Field

from session_service.sealing import Keyring


def _readable(master_keys: str) -> str:
    Keyring.of(master_keys)
    return master_keys


class Settings(ChassisSettings):
    """Limits beside those of the chassis."""

    message_master_keys: Annotated[str, AfterValidator(_readable), Field(repr=False)]
    """32 bytes in URL-safe base64, or several with commas: the first wraps, all unwrap."""

    timer_interval_ms: int = 1_000
    timer_batch_sessions: int = 200
    sealing_interval_ms: int = 60_000
    sealing_batch_messages: int = 200

    stream_poll_interval_ms: int = 25
    stream_heartbeat_s: int = 15
    stream_keep_hours: int = 24
    stream_room_items: int = 500
    streams_per_person: int = 8
