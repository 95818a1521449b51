"""How the session service is put together."""

from functools import partial

from chassis import logs
from chassis.database import Database
from chassis.erasing import Receipts
from chassis.runtime import Service

from session_service import commands, export, metrics
from session_service.api import ROUTERS
from session_service.calendars import CalendarReader
from session_service.consumers import consumers
from session_service.erasure import erasures
from session_service.live import Live
from session_service.notices.operating import deliveries
from session_service.notices.post import Post, post
from session_service.republish import republish
from session_service.restored import restored
from session_service.sealing import Keyring
from session_service.settings import Settings
from session_service.working import by_themselves, of_notices, of_streams

log = logs.get(__name__)


def build(settings: Settings) -> Service:
    """The API, the projection of people and programs, and what happens by itself."""
    database, keyring = Database(settings), Keyring.of(settings.message_master_keys)
    live, ways_out = Live(database, keyring, settings), post(settings, keyring)
    readers = [*consumers(), erasures()]
    return Service(
        "session",
        settings,
        database,
        routers=[*ROUTERS, export.router],
        consumers=readers,
        workers=[
            *by_themselves(database, keyring, settings),
            *of_streams(live, settings),
            *of_notices(database, ways_out, settings),
            Receipts("session", settings, database, readers).worker(),
        ],
        state={
            "link_key": settings.link_key,
            "keyring": keyring,
            "post": ways_out,
            "live": live,
            "calendars": CalendarReader(settings, keyring),
        },
        opened=[partial(_say_whether_mail_goes_out, ways_out)],
        ending=[live.streams.end_all],
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
