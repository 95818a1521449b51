"""Where Kafka's reader stands: at the positions that PostgreSQL has, whoever moved them.

A rebalance, an operator's replay and a database restored from a backup look alike from here: what is stored differs
from where this process reads. Every few seconds the two are compared, so that it is noticed though nothing new comes.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import ConsumerStoppedError, KafkaError

from chassis import logs, metrics
from chassis.consumer import Consumer
from chassis.database import TRANSIENT_ERRORS, Database, Transaction
from chassis.positions import Positions, stored_positions

log = logs.get(__name__)

ANSWER_TIMEOUT_S = 5

Poll = Callable[[AIOKafkaConsumer], Coroutine[Any, Any, tuple[Any, ...]]]


class Reading(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka ships no types
    """Keeps one consumer's reading in place. `kafka` gives aiokafka's consumer, which FastStream makes later.

    The topics' names in Kafka begin with `prefix`, which nothing that is shown has.
    """

    def __init__(
        self, service: str, consumer: Consumer, prefix: str, database: Database, kafka: Callable[[], AIOKafkaConsumer]
    ) -> None:
        self.positions = Positions(consumer.name)
        self._consumer = consumer.name
        self._topics = consumer.topics
        self._prefix = prefix
        self._labels = (service, consumer.name)
        self._database = database
        self._kafka = kafka
        self._unread: dict[TopicPartition, tuple[int, float]] = {}
        self._failed_polls = 0

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:  # noqa: ARG002 - their interface
        """Part of aiokafka's rebalance: forget what another process may own in a moment."""
        self.positions.forget()
        self._unread.clear()

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Part of aiokafka's rebalance: read on from the stored positions, also where nothing new comes.

        A fetch can race this, and the database may not answer; so it is believed only with the first batch. The lag of
        what another reads now is shown there; of what stays here the next batch shows it again.
        """
        self.positions.forget()
        for topic in self._topics:
            metrics.CONSUMER_LAG.labels(*self._labels, topic).set(0)
        with suppress(KafkaError, *TRANSIENT_ERRORS):
            for place, offset in (await self._stored_or_first(assigned)).items():
                self._kafka().seek(place, offset)

    async def follow(self) -> None:
        """Read on from the stored positions if another moved them. Between batches only: a batch moves them itself."""
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                moved = await self._elsewhere(await self._stored_or_first(self._kafka().assignment()))
            if moved:
                log.warning("position_moved_by_another", consumer=self._consumer, partitions=len(moved))
                self.positions.forget()
                self._unread.clear()
            for place, offset in moved.items():
                self._kafka().seek(place, offset)
        except Exception as error:  # noqa: BLE001 - the next check looks again, and each batch compares for itself
            log.info("position_not_checked", consumer=self._consumer, error=type(error).__name__)

    def safely(self, poll: Poll, least_pause_ms: int, most_pause_ms: int) -> Poll:
        """This poll; when it fails, it loses nothing, is logged, and gives nothing for a while.

        FastStream by itself goes on as if nothing had been, tells nobody, and spins at what is no KafkaError.
        """

        async def get_msg(kafka: AIOKafkaConsumer) -> tuple[Any, ...]:
            try:
                return await poll(kafka)
            except ConsumerStoppedError:
                raise
            except Exception as error:  # whatever the client makes of records that it cannot read
                metrics.CONSUMER_RETRIES.labels(*self._labels).inc()
                log.warning("poll_failed", consumer=self._consumer, exc_info=error)
                await self._take_back()
                await asyncio.sleep(self._pause_ms(least_pause_ms, most_pause_ms) / 1000)
                self._failed_polls += 1
                return ()

        return get_msg

    def moved(self, moves: Mapping[TopicPartition, int]) -> None:
        """These positions were stored just now."""
        self.positions.believe(moves)
        for place in moves:
            self._unread.pop(place, None)
        if not self._unread:
            self._failed_polls = 0

    def _pause_ms(self, least: int, most: int) -> int:
        """Longer once all had their turn: what a bad line spoilt fails one poll for each partition that it was of."""
        turns = self._failed_polls // max(1, len(self._kafka().assignment()))
        return int(min(most, least * 2 ** min(turns, 10)))

    def unread(self) -> tuple[float, str]:
        """Of what is behind since a poll failed, the place that has not moved for longest: seconds, and what to say."""
        assigned, now = self._kafka().assignment(), time.monotonic()
        return max(
            (
                (now - since, f"{place.topic}/{place.partition} cannot be read past {offset}")
                for place, (offset, since) in self._unread.items()
                if place in assigned
            ),
            default=(0.0, ""),
        )

    async def located(self, place: TopicPartition, offset: int) -> bool:
        """Whether reading goes on where it should. Otherwise it is moved there, and this poll's records come again."""
        if self._believable(place, offset):
            return True
        async with self._database.transaction() as transaction:
            stored = await self.positions.load(transaction, place)
            position = offset if stored == offset else await self._corrected(transaction, place, stored)
        self.positions.believe({place: position})
        if position != offset:
            self._kafka().seek(place, position)
        return position == offset

    def put_back(self, records: Sequence[Any]) -> None:
        """Read from the first of these records again."""
        kafka = self._kafka()
        for place, offset in first_offsets(records):
            if place in kafka.assignment():
                kafka.seek(place, offset)

    async def tell_kafka(self, moves: Mapping[TopicPartition, int]) -> None:
        """Commit to Kafka what PostgreSQL has already, for tools that show lag."""
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                await self._kafka().commit(moves)
        except (KafkaError, TimeoutError) as error:
            log.info("lag_hint_not_committed", consumer=self._consumer, error=type(error).__name__)

    def waiting(self) -> set[str]:
        """The topics of which Kafka holds more. Of a partition that gave nothing since assigned, nobody knows."""
        kafka = self._kafka()
        believed = ((place, self.positions.of(place)) for place in kafka.assignment())
        return {place.topic for place, position in believed if position is not None and _end(kafka, place) > position}

    async def _stored_or_first(self, places: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """The stored position of each; the topic's beginning where there is none."""
        async with self._database.connection() as connection:
            stored = await stored_positions(connection, self._consumer)
        unread = [place for place in places if place not in stored]
        first = await self._kafka().beginning_offsets(unread) if unread else {}
        return {place: stored[place] if place in stored else first[place] for place in places}

    async def _take_back(self) -> None:
        """A poll failed on one partition, and aiokafka threw away what it had taken of others: have that read again.

        Only what was taken is moved. The bad one, moved too, would be fetched with the others and fail each poll.
        """
        self.positions.forget()  # should what follows fail, each partition's next batch finds its place by itself
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                stored = await self._stored_or_first(self._kafka().assignment())
                for place, offset in (await self._elsewhere(stored)).items():
                    self._kafka().seek(place, offset)
            self._note_unread(stored)
        except Exception as error:  # noqa: BLE001 - see above
            log.info("position_not_checked", consumer=self._consumer, error=type(error).__name__)

    def _note_unread(self, stored: Mapping[TopicPartition, int]) -> None:
        behind = {place: offset for place, offset in stored.items() if _end(self._kafka(), place) > offset}
        now = time.monotonic()
        self._unread = {place: self._unread.get(place, (offset, now)) for place, offset in behind.items()}

    async def _elsewhere(self, wanted: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        """Of these positions, those at which this process does not stand."""
        return {place: offset for place, offset in wanted.items() if await self._stands_at(place) != offset}

    async def _stands_at(self, place: TopicPartition) -> int:
        believed = self.positions.of(place)
        return int(await self._kafka().position(place)) if believed is None else believed

    def _believable(self, place: TopicPartition, offset: int) -> bool:
        """Not so where nothing is believed, nor where a topic ends before what is believed: it was made anew."""
        believed = self.positions.of(place)
        return believed is not None and (offset >= believed or believed <= _end(self._kafka(), place))

    async def _corrected(self, transaction: Transaction, place: TopicPartition, stored: int | None) -> int:
        """The stored position; the topic's beginning where there is none or it lies outside the topic."""
        kafka = self._kafka()
        first = int((await kafka.beginning_offsets([place]))[place])
        if stored is not None and first <= stored <= (await kafka.end_offsets([place]))[place]:
            return stored
        self._report_reset(place, stored, first)
        await self.positions.reset(transaction, place, first, stored=stored)
        return first

    def _report_reset(self, place: TopicPartition, stored: int | None, first: int) -> None:
        if stored is not None:
            topic = place.topic.removeprefix(self._prefix)
            metrics.CONSUMER_RESETS.labels(*self._labels, topic).inc()
            log.error("position_outside_topic", consumer=self._consumer, topic=topic, stored=stored, first=first)


def first_offsets(records: Sequence[Any]) -> Iterable[tuple[TopicPartition, int]]:
    """The first offset of each partition among these records."""
    first: dict[TopicPartition, int] = {}
    for record in records:
        first.setdefault(TopicPartition(record.topic, record.partition), record.offset)
    return first.items()


def _end(kafka: AIOKafkaConsumer, place: TopicPartition) -> int:
    """One past the newest record that is known of."""
    return kafka.highwater(place) or 0
