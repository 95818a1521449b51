"""How the profile service is put together."""

from functools import partial

from chassis.database import Database
from chassis.runtime import Service
from chassis.worker import Worker

from profile_service.api import ROUTERS
from profile_service.hr_clients import hr_clients
from profile_service.refresh import refresh_some
from profile_service.republish import republish
from profile_service.restored import restored
from profile_service.seed import seed
from profile_service.settings import Settings
from profile_service.snapshots import apply_some


def build(settings: Settings) -> Service:
    """The API and the work in the background; it consumes nothing."""
    database = Database(settings)
    refresh = partial(refresh_some, database, settings.refresh_chunk_people)
    snapshots = partial(apply_some, database, settings.hr_chunk_events, settings.hr_snapshot_ends_share)
    return Service(
        "profile",
        settings,
        database,
        routers=ROUTERS,
        workers=[
            Worker("refresh", refresh, settings.refresh_interval_ms),
            Worker("snapshots", snapshots, settings.hr_snapshot_interval_ms),
        ],
        commands={"seed": seed, "republish": republish, "restored": restored, "hr-clients": hr_clients},
    )
