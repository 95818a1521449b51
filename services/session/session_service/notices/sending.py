"""The background half of telling: messages that are due go out, each handed over once at most.

A worker claims a message, writes it, and says "sending" before it lets go of it. A worker that ends before that has let
go of nothing, and another takes over. One that ends after that leaves it unknown whether the message is out: such a
message is not tried again by itself, but shown to an operator.
"""

import asyncio
from datetime import UTC, datetime

from chassis import failpoints, logs
from chassis.database import Database, is_transient

from session_service import metrics
from session_service.notices.channels.mail import Letter
from session_service.notices.channels.outcome import HandOver, NotOurs, Outcome, pause_after
from session_service.notices.post import Post
from session_service.notices.writing import Written, written
from session_service.settings import Settings
from session_service.store import deliveries, notices
from session_service.store.deliveries import Delivery

log = logs.get(__name__)

STATES = {"sent": "sent", "impossible": "failed", "unknown": "unknown"}


class Unwritten(Exception):
    """A message cannot be written at present; others can."""


class Sender:
    """Sends what is due, a bounded number at once."""

    def __init__(self, database: Database, post: Post, settings: Settings) -> None:
        self._database = database
        self._post = post
        self._limit = settings.delivery_batch
        self._attempts = settings.delivery_attempts
        self._lease_s = settings.delivery_lease_ms / 1000

    async def __call__(self) -> bool:
        """One round; True when there may be more."""
        async with self._database.connection() as connection:
            for channel in await deliveries.give_up_lost(connection, self._lease_s):
                metrics.DELIVERIES.labels(channel, "unknown").inc()
            claimed = await deliveries.claim(connection, self._limit, self._lease_s)
        ended = await asyncio.gather(*(self._send(delivery) for delivery in claimed), return_exceptions=True)
        if failures := [each for each in ended if isinstance(each, BaseException)]:
            raise failures[0]
        return len(claimed) == self._limit

    async def _send(self, delivery: Delivery) -> None:
        try:
            message = await self._written(delivery)
        except Unwritten as why:
            await self._end(delivery, Outcome("refused", str(why)))
            return
        if message is None:
            await self._settle(delivery, "dropped")
        elif (later := _not_before(message)) is not None:
            await self._settle(delivery, "retry", later)
        else:
            await self._hand_out(delivery, message)

    async def _written(self, delivery: Delivery) -> Written | None:
        """What to send. Raises Unwritten: such as while the key is missing that opens what it quotes."""
        try:
            async with self._database.connection() as connection:
                return await written(connection, self._post, delivery)
        except Exception as error:
            if is_transient(error):
                raise
            log.exception("notice_not_written", channel=delivery.channel)
            raise Unwritten(type(error).__name__) from None

    async def _hand_out(self, delivery: Delivery, message: Written) -> None:
        try:
            outcome = await self._out(delivery, message)
        except NotOurs:
            return
        except Exception as error:  # one that nobody foresaw holds up no other
            if is_transient(error):
                raise
            log.exception("notice_not_sent", channel=delivery.channel)
            outcome = Outcome("unknown", type(error).__name__)
        failpoints.passing("delivery.answered")
        await self._end(delivery, outcome)

    async def _end(self, delivery: Delivery, outcome: Outcome) -> None:
        if outcome.what == "refused" and delivery.attempts < self._attempts:
            log.warning("notice_put_off", channel=delivery.channel, attempts=delivery.attempts, reason=outcome.reason)
            later = datetime.now(UTC) + pause_after(delivery.attempts)
            await self._settle(delivery, "retry", later, outcome.reason)
        else:
            await self._settle(delivery, STATES.get(outcome.what, "failed"), reason=outcome.reason)

    async def _out(self, delivery: Delivery, message: Written) -> Outcome:
        link = self._post.unsubscribe_link(delivery.person_id, message.kinds, message.reader)
        try:
            rendered = self._post.renderer.message(message.views, message.reader, link)
        except Exception as error:  # one that cannot be written holds up no other
            log.exception("notice_not_written", kinds=message.kinds)
            return Outcome("impossible", type(error).__name__)
        hand_over = self._hand_over(delivery)
        if delivery.channel != "mail":
            return await self._post.chats.send(delivery.channel, message.address, rendered.text, hand_over)
        assert self._post.mail, "without a mail server nobody has an address"
        letter = Letter(
            delivery.delivery_id, message.address, message.contact.name, rendered, link, message.invitations
        )
        return await self._post.mail.send(letter, hand_over)

    def _hand_over(self, delivery: Delivery) -> HandOver:
        async def hand_over() -> None:
            async with self._database.connection() as connection:
                if not await deliveries.hand_over(connection, delivery):
                    raise NotOurs
            failpoints.passing("delivery.handing_over")

        return hand_over

    async def _settle(
        self, delivery: Delivery, state: str, due_at: datetime | None = None, reason: str | None = None
    ) -> None:
        async with self._database.connection() as connection:
            await deliveries.settle(connection, delivery, state, due_at, reason)
        metrics.DELIVERIES.labels(delivery.channel, state).inc()
        if state in ("failed", "unknown"):
            log.error("notice_not_delivered", channel=delivery.channel, state=state, reason=reason)


def _not_before(message: Written) -> datetime | None:
    """When quiet hours are over that have begun since it was planned."""
    quiet, now = message.preferences.quiet_hours, datetime.now(UTC)
    later = quiet.over_at(now, message.reader.zone) if quiet else now
    return later if later > now else None


async def keep_house(database: Database, keep_days: int, limit: int) -> bool:
    """Measure what waits and what is in trouble, and forget what is old."""
    async with database.connection() as connection:
        failed, unknown, oldest_s = await deliveries.measure(connection)
        await deliveries.forget_old(connection, keep_days, limit)
        await notices.forget_old(connection, keep_days, limit)
    metrics.DELIVERIES_IN_TROUBLE.labels("failed").set(failed)
    metrics.DELIVERIES_IN_TROUBLE.labels("unknown").set(unknown)
    metrics.DELIVERY_OLDEST.set(oldest_s)
    return False
