"""How the profile service is put together."""

from functools import partial

from chassis.database import Database
from chassis.runtime import Service
from chassis.worker import Worker

from profile_service.api import ROUTERS
from profile_service.days import turn_day
from profile_service.refresh import refresh_some
from profile_service.republish import republish
from profile_service.seed import seed
from profile_service.settings import Settings


def build(settings: Settings) -> Service:
    """The API and the background refresh; it consumes nothing."""
    database = Database(settings)
    refresh = partial(refresh_some, database, settings.refresh_chunk_people)
    return Service(
        "profile",
        settings,
        database,
        routers=ROUTERS,
        workers=[
            Worker("refresh", refresh, settings.refresh_interval_ms),
            Worker("days", partial(turn_day, database), settings.day_interval_ms, wake_on_commit=False),
        ],
        commands={"seed": seed, "republish": republish},
    )
