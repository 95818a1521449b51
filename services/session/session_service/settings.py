"""The session service's own limits."""

from chassis.settings import Settings as ChassisSettings


class Settings(ChassisSettings):
    """Limits beside those of the chassis.

    `one_tap_key` signs the links that answer a request without signing in; without it there are none.
    """

    one_tap_key: str = ""
    timer_interval_ms: int = 1_000
    timer_batch_sessions: int = 50
    gauge_interval_ms: int = 15_000
