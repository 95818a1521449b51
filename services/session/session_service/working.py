"""Beside the way of the data: what happens without anybody asking, by workers that any number of processes run."""

from functools import partial

from chassis.database import Database
from chassis.worker import Worker

from session_service import commands
from session_service.live import FORGET_INTERVAL_MS, Live
from session_service.notices.planning import plan_some
from session_service.notices.post import Post
from session_service.notices.sending import Sender, keep_house
from session_service.notices.telling import remind
from session_service.sealing import Keyring
from session_service.settings import Settings


def by_themselves(database: Database, keyring: Keyring, settings: Settings) -> list[Worker]:
    """What is due, whom a change concerns, and messages of a former release that are still to be sealed."""
    limit, interval_ms = settings.timer_batch_sessions, settings.timer_interval_ms
    timed = {
        "expiry": partial(commands.expire_some, database, limit),
        "reminders": partial(commands.remind_some, database, limit),
        "open-calls": partial(commands.close_calls, database, limit),
        "vacations": partial(commands.notice_vacations, database, limit),
        "missed": partial(commands.conclude_missed, database, limit),
    }
    seal = partial(commands.seal_some, database, keyring, settings.sealing_batch_messages)
    return [
        *(Worker(name, work, interval_ms, wake_on_commit=False) for name, work in timed.items()),
        Worker("passing-on", partial(commands.pass_on_some, database, keyring, limit), interval_ms),
        Worker("departures", partial(commands.close_departed, database), interval_ms),
        Worker("clocks", commands.WallClocks(database, limit), settings.clocks_interval_ms, wake_on_commit=False),
        Worker("sealing", seal, settings.sealing_interval_ms, wake_on_commit=False),
        Worker(
            "open-requests",
            partial(commands.count_open, database),
            settings.gauge_interval_ms,
            wake_on_commit=False,
        ),
    ]


def of_streams(live: Live, settings: Settings) -> list[Worker]:
    """What hands new things to the streams of this process, and forgets old ones."""
    return [
        Worker("stream", live.poll, settings.stream_poll_interval_ms, kind="api"),
        Worker("stream-items", live.forget, FORGET_INTERVAL_MS, wake_on_commit=False),
    ]


def of_notices(database: Database, ways_out: Post, settings: Settings) -> list[Worker]:
    """What reminds people of sessions and of old claims, decides where notices go, sends them, and measures that."""
    soon = partial(commands.remind_of_sessions, database, settings.timer_batch_sessions, remind)
    unconfirmed = partial(commands.ask_to_confirm, database, settings.notice_batch)
    plan = partial(plan_some, database, ways_out, settings.notice_batch)
    keep = partial(keep_house, database, settings.notice_keep_days, settings.notice_batch)
    send = Sender(database, ways_out, settings)
    return [
        Worker("session-reminders", soon, settings.timer_interval_ms, wake_on_commit=False),
        Worker("confirmations", unconfirmed, settings.confirmation_interval_ms, wake_on_commit=False),
        Worker("notices", plan, settings.notice_interval_ms),
        Worker("deliveries", send, settings.notice_interval_ms, longest_round_ms=settings.delivery_lease_ms),
        Worker("notice-keeping", keep, 10 * settings.notice_interval_ms, wake_on_commit=False),
    ]
