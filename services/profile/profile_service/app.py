"""How the profile service is put together."""

from functools import partial

from chassis.database import Database
from chassis.erasing import Receipts
from chassis.runtime import Service
from chassis.worker import Worker

from profile_service.api import ROUTERS
from profile_service.consumers import consumers
from profile_service.erasing import erase_some
from profile_service.photos import PhotoReader
from profile_service.refresh import refresh_some
from profile_service.reminders import remind_some
from profile_service.republish import republish
from profile_service.restored import restored
from profile_service.seed import seed
from profile_service.settings import Settings


def build(settings: Settings) -> Service:
    """The API, what happens in the background, and the reader of receipts for forgotten people."""
    database = Database(settings)
    photo_reader = PhotoReader(settings.photo_max_bytes, settings.photo_timeout_ms)
    refresh = partial(refresh_some, database, settings.refresh_chunk_people)
    erase = partial(erase_some, database, settings.erase_leavers_after_days)
    remind = partial(remind_some, database, settings.reminder_chunk_people)
    readers = consumers()
    return Service(
        "profile",
        settings,
        database,
        routers=ROUTERS,
        consumers=readers,
        workers=[
            Worker("refresh", refresh, settings.refresh_interval_ms),
            Worker("reminders", remind, settings.reminder_interval_ms, wake_on_commit=False),
            Worker("leavers", erase, settings.leavers_interval_ms, wake_on_commit=False),
            Receipts("profile", settings, database, readers).worker(),
        ],
        commands={"seed": seed, "republish": republish, "restored": restored},
        state={"photo_reader": photo_reader},
        closed=[photo_reader.close],
    )
