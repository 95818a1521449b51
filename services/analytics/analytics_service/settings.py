"""The analytics service's own limits."""

from chassis.settings import Settings as ChassisSettings


class Settings(ChassisSettings):
    """Limits beside those of the chassis."""

    gauges_interval_ms: int = 5_000
    recompute_chunk_facts: int = 2_000
