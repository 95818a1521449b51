"""The session service's own limits."""

from chassis.settings import Settings as ChassisSettings


class Settings(ChassisSettings):
    """Limits beside those of the chassis."""

    timer_interval_ms: int = 1_000
    timer_batch_sessions: int = 50
    gauge_interval_ms: int = 15_000
