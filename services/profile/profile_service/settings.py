"""The profile service's own limits."""

from chassis.settings import Settings as ChassisSettings


class Settings(ChassisSettings):
    """Limits beside those of the chassis."""

    hr_chunk_events: int = 500
    refresh_chunk_people: int = 200
    refresh_interval_ms: int = 500
    day_interval_ms: int = 30_000
