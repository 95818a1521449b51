"""How the session service is put together."""

from functools import partial

from chassis.database import Database
from chassis.erasing import Receipts
from chassis.runtime import Service
from chassis.worker import Worker

from session_service import commands, export
from session_service.api import ROUTERS
from session_service.consumers import consumers
from session_service.erasure import erasures
from session_service.republish import republish
from session_service.restored import restored
from session_service.settings import Settings


def build(settings: Settings) -> Service:
    """The API, the projection of people and programs, and what happens by itself: expiry, departures, erasure."""
    database = Database(settings)
    expire = partial(commands.expire_some, database, settings.timer_batch_sessions)
    remind = partial(commands.remind_some, database, settings.timer_batch_sessions)
    away = partial(commands.notice_vacations, database, settings.timer_batch_sessions)
    pass_on = partial(commands.pass_on_some, database, settings.timer_batch_sessions)
    close_calls = partial(commands.close_calls, database, settings.timer_batch_sessions)
    count = partial(commands.count_open, database)
    close = partial(commands.close_departed, database)
    readers = [*consumers(), erasures()]
    return Service(
        "session",
        settings,
        database,
        routers=[*ROUTERS, export.router],
        consumers=readers,
        workers=[
            Worker("expiry", expire, settings.timer_interval_ms, wake_on_commit=False),
            Worker("reminders", remind, settings.timer_interval_ms, wake_on_commit=False),
            Worker("passing-on", pass_on, settings.timer_interval_ms),
            Worker("open-calls", close_calls, settings.timer_interval_ms, wake_on_commit=False),
            Worker("vacations", away, settings.timer_interval_ms, wake_on_commit=False),
            Worker("open-requests", count, settings.gauge_interval_ms, wake_on_commit=False),
            Worker("departures", close, settings.timer_interval_ms),
            Receipts("session", settings, database, readers).worker(),
        ],
        state={"one_tap_key": settings.one_tap_key},
        commands={"republish": republish, "restored": restored},
    )
