"""The session service's own limits."""

from typing import Annotated

from chassis.settings import Settings as ChassisSettings
from pydantic import AfterValidator, Field

from session_service.sealing import Keyring


def _readable(master_keys: str) -> str:
    Keyring.of(master_keys)
    return master_keys


class Settings(ChassisSettings):
    """Limits beside those of the chassis.

    `one_tap_key` signs the links that answer a request without signing in; without it there are none.
    """

    message_master_keys: Annotated[str, AfterValidator(_readable), Field(repr=False)]
    """32 bytes in URL-safe base64, or several with commas: the first wraps, all unwrap."""

    one_tap_key: str = ""
    timer_interval_ms: int = 1_000
    timer_batch_sessions: int = 50
    gauge_interval_ms: int = 15_000
    sealing_interval_ms: int = 60_000
    sealing_batch_messages: int = 200
