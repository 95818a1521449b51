"""How the session service is put together."""

from functools import partial

from chassis import logs
from chassis.database import Database
from chassis.erasing import Receipts
from chassis.runtime import Service
from chassis.worker import Worker

from session_service import commands, export, metrics
from session_service.api import ROUTERS
from session_service.consumers import consumers
from session_service.erasure import erasures
from session_service.notices.operating import deliveries
from session_service.notices.planning import plan_some
from session_service.notices.post import Post, post
from session_service.notices.sending import Sender, keep_house
from session_service.republish import republish
from session_service.restored import restored
from session_service.sealing import Keyring
from session_service.settings import Settings

log = logs.get(__name__)


def build(settings: Settings) -> Service:
    """The API, the projection of people and programs, and what happens by itself: expiry, departures, erasure."""
    database, keyring = Database(settings), Keyring.of(settings.message_master_keys)
    expire = partial(commands.expire_some, database, settings.timer_batch_sessions)
    remind = partial(commands.remind_some, database, settings.timer_batch_sessions)
    away = partial(commands.notice_vacations, database, settings.timer_batch_sessions)
    pass_on = partial(commands.pass_on_some, database, keyring, settings.timer_batch_sessions)
    close_calls = partial(commands.close_calls, database, settings.timer_batch_sessions)
    count = partial(commands.count_open, database)
    conclude = partial(commands.conclude_missed, database, settings.timer_batch_sessions)
    close = partial(commands.close_departed, database)
    clocks = commands.WallClocks(database, settings.timer_batch_sessions)
    seal = partial(commands.seal_some, database, keyring, settings.sealing_batch_messages)
    readers, ways_out = [*consumers(), erasures()], post(settings, keyring)
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
            Worker("missed", conclude, settings.timer_interval_ms, wake_on_commit=False),
            Worker("clocks", clocks, settings.clocks_interval_ms, wake_on_commit=False),
            Worker("departures", close, settings.timer_interval_ms),
            Worker("sealing", seal, settings.sealing_interval_ms, wake_on_commit=False),
            *_notices(database, settings, ways_out),
            Receipts("session", settings, database, readers).worker(),
        ],
        state={"one_tap_key": settings.one_tap_key, "keyring": keyring, "post": ways_out},
        opened=[partial(_say_whether_mail_goes_out, ways_out)],
        commands={
            "republish": republish,
            "restored": restored,
            "rewrap": partial(commands.rewrap, keyring=keyring),
            "deliveries": deliveries,
        },
    )


async def _say_whether_mail_goes_out(ways_out: Post) -> None:
    metrics.MAIL_CONFIGURED.set(ways_out.mail is not None)
    if ways_out.mail is None:
        log.warning("no_mail_server", consequence="no mail is made; notices show in the app")


def _notices(database: Database, settings: Settings, ways_out: Post) -> list[Worker]:
    """What decides where notices go, sends them, and measures that."""
    plan = partial(plan_some, database, ways_out, settings.notice_batch)
    keep = partial(keep_house, database, settings.notice_keep_days, settings.notice_batch)
    send = Sender(database, ways_out, settings)
    return [
        Worker("notices", plan, settings.notice_interval_ms),
        Worker("deliveries", send, settings.notice_interval_ms, longest_round_ms=settings.delivery_lease_ms),
        Worker("notice-keeping", keep, 10 * settings.notice_interval_ms, wake_on_commit=False),
    ]
