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
from session_service.live import FORGET_INTERVAL_MS, Live
from session_service.republish import republish
from session_service.restored import restored
from session_service.sealing import Keyring
from session_service.settings import Settings


def build(settings: Settings) -> Service:
    """The API, the projection of people and programs, and what happens by itself: expiry, departures, erasure."""
    database = Database(settings)
    expire = partial(commands.expire_some, database, settings.timer_batch_sessions)
    close = partial(commands.close_departed, database)
    keyring = Keyring.of(settings.message_master_keys)
    seal = partial(commands.seal_some, database, keyring, settings.sealing_batch_messages)
    live = Live(database, keyring, settings)
    readers = [*consumers(), erasures()]
    return Service(
        "session",
        settings,
        database,
        routers=[*ROUTERS, export.router],
        consumers=readers,
        workers=[
            Worker("expiry", expire, settings.timer_interval_ms, wake_on_commit=False),
            Worker("departures", close, settings.timer_interval_ms),
            Worker("stream", live.poll, settings.stream_poll_interval_ms, kind="api"),
            Worker("stream-items", live.forget, FORGET_INTERVAL_MS, wake_on_commit=False),
            Worker("sealing", seal, settings.sealing_interval_ms, wake_on_commit=False),
            Receipts("session", settings, database, readers).worker(),
        ],
        state={"keyring": keyring, "live": live},
        ending=[live.streams.end_all],
        commands={
            "republish": republish,
            "restored": restored,
            "rewrap": partial(commands.rewrap, keyring=keyring),
        },
    )
