"""How the profile service is put together."""

from functools import partial

from chassis.database import Database
from chassis.erasing import Receipts
from chassis.runtime import Service
from chassis.worker import Worker

from profile_service.api import ROUTERS
from profile_service.consumers import consumers
from profile_service.days import turn_day
from profile_service.erasing import erase_some, erased_objects
from profile_service.hr_clients import hr_clients
from profile_service.importing import import_skills
from profile_service.merges import move_some_claims
from profile_service.photos import PhotoReader
from profile_service.refresh import refresh_some
from profile_service.reminders import remind_some
from profile_service.republish import republish
from profile_service.restored import restored
from profile_service.scim import api as scim
from profile_service.scim import clients, protocol
from profile_service.seed import seed
from profile_service.settings import Settings
from profile_service.snapshots import apply_some


def build(settings: Settings) -> Service:
    """The API, what happens in the background, and the reader of receipts for forgotten people."""
    database = Database(settings)
    photo_reader = PhotoReader(settings.photo_max_bytes, settings.photo_timeout_ms)
    refresh = partial(refresh_some, database, settings.refresh_chunk_people)
    snapshots = partial(apply_some, database, settings.hr_chunk_events, settings.hr_snapshot_ends_share)
    erase = partial(erase_some, database, settings.erase_leavers_after_days)
    remind = partial(remind_some, database, settings.reminder_chunk_people)
    readers = consumers()
    merges = partial(move_some_claims, database, settings.refresh_chunk_people)
    return Service(
        "profile",
        settings,
        database,
        routers=(*ROUTERS, scim.router),
        consumers=readers,
        workers=[
            Worker("refresh", refresh, settings.refresh_interval_ms),
            Worker("snapshots", snapshots, settings.hr_snapshot_interval_ms),
            Worker("merges", merges, settings.refresh_interval_ms),
            Worker("days", partial(turn_day, database), settings.day_interval_ms, wake_on_commit=False),
            Worker("reminders", remind, settings.reminder_interval_ms, wake_on_commit=False),
            Worker("leavers", erase, settings.leavers_interval_ms, wake_on_commit=False),
            Receipts("profile", settings, database, readers, objects=partial(erased_objects, database)).worker(),
        ],
        commands={
            "seed": seed,
            "import-skills": import_skills,
            "republish": republish,
            "restored": restored,
            "hr-clients": hr_clients,
            "scim-clients": clients.scim_clients,
        },
        state={
            "photo_reader": photo_reader,
            "scim": protocol.Service(protocol.provider(), secret=settings.database_url),
        },
        closed=[photo_reader.close],
    )
