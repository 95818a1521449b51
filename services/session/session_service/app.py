"""How the session service is put together."""

from functools import partial

from chassis.database import Database
from chassis.erasing import Receipts
from chassis.runtime import Service
from chassis.worker import Worker

from session_service import commands, export
from session_service.api import ROUTERS
from session_service.calendars import CalendarReader
from session_service.consumers import consumers
from session_service.erasure import erasures
from session_service.republish import republish
from session_service.restored import restored
from session_service.settings import Settings


def build(settings: Settings) -> Service:
    """The API, the projection of people and programs, and what happens by itself: expiry, departures, erasure."""
    database = Database(settings)
    expire = partial(commands.expire_some, database, settings.timer_batch_sessions)
    conclude = partial(commands.conclude_missed, database, settings.timer_batch_sessions)
    close = partial(commands.close_departed, database)
    clocks = commands.WallClocks(database, settings.timer_batch_sessions)
    readers = [*consumers(), erasures()]
    return Service(
        "session",
        settings,
        database,
        routers=[*ROUTERS, export.router],
        consumers=readers,
        workers=[
            Worker("expiry", expire, settings.timer_interval_ms, wake_on_commit=False),
            Worker("missed", conclude, settings.timer_interval_ms, wake_on_commit=False),
            Worker("clocks", clocks, settings.clocks_interval_ms, wake_on_commit=False),
            Worker("departures", close, settings.timer_interval_ms),
            Receipts("session", settings, database, readers).worker(),
        ],
        state={"calendars": CalendarReader(settings)},
        commands={"republish": republish, "restored": restored},
    )
