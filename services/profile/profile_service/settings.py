"""The profile service's own limits."""

from chassis.settings import Settings as ChassisSettings


class Settings(ChassisSettings):
    """Limits beside those of the chassis. With `erase_leavers_after_days` 0, leavers are kept until somebody asks."""

    hr_chunk_events: int = 200
    hr_snapshot_ends_share: float = 0.2
    hr_snapshot_interval_ms: int = 500
    refresh_chunk_people: int = 200
    refresh_interval_ms: int = 500
    erase_leavers_after_days: int = 0
    leavers_interval_ms: int = 60_000
    day_interval_ms: int = 30_000
    photo_max_bytes: int = 5 * 1024 * 1024
    photo_timeout_ms: int = 5_000
    reminder_chunk_people: int = 500
    reminder_interval_ms: int = 3_600_000
