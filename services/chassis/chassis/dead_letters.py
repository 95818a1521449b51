"""Where poison goes: a topic beside the original one, with the raw bytes and the reason; and the brake.

Dead-lettering has a limit. A bad deploy would otherwise empty a whole topic into the dead letters, quietly.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import astuple
from datetime import UTC, datetime
from typing import Any, NamedTuple

from flash_schemas.topics import load_topics

from chassis import logs, metrics
from chassis.consumer import Delivery, Invalid, Item
from chassis.kafka import Publisher, Record
from chassis.settings import Settings

log = logs.get(__name__)

MAX_REASON_CHARACTERS = 500


class TooManyDeadLetters(Exception):
    """The limit of dead letters is reached: the consumer stops here and leaves the rest where it is.

    The bad records at hand are in no dead letter and no other line of the log, so this says how many and the first.
    """

    def __init__(self, bad: Sequence[Invalid]) -> None:
        self.count, self.first = len(bad), bad[0]
        topic, partition, offset = astuple(self.first.origin)
        first = f"the first at {topic}/{partition}/{offset}: {self.first.reason}"
        super().__init__(f"too many dead letters from {topic}: {self.count} at once, {first}")


class DeadLetters:
    """Parks records of one consumer."""

    def __init__(self, service: str, consumer: str, settings: Settings, publisher: Publisher) -> None:
        self._service = service
        self._consumer = consumer
        self._publisher = publisher
        self._topics = {topic.name: topic.dead_letter for topic in load_topics()}
        self._brake = Brake(settings)

    def passed(self, count: int) -> None:
        """Tell the brake that `count` records went well."""
        self._brake.passed(count)

    async def park(self, invalid: Sequence[tuple[Invalid, Any]], batch: Sequence[Item]) -> None:
        """Return when each (reason, raw Kafka record) is safe in its dead-letter topic; `batch` has the good ones, too.

        Raises TooManyDeadLetters before parking one too many, PublishFailed when Kafka does not take them.
        """
        parked = {item.origin for item, _ in invalid}
        ends = [item.origin in parked for item in batch if isinstance(item, Delivery) or item.origin in parked]
        counts = self._brake.after(ends)
        if counts is None:
            raise TooManyDeadLetters([item for item, _ in invalid])
        await self._publisher.publish([self._letter(item, record) for item, record in invalid])
        self._brake.counts = counts
        for item, _ in invalid:
            reason = item.reason.split(":")[0]
            metrics.DEAD_LETTERS.labels(self._service, self._consumer, item.origin.topic, reason).inc()
            log.error("record_parked", consumer=self._consumer, reason=item.reason, **place_of(item))

    def _letter(self, item: Invalid, record: Any) -> Record:
        about = {
            "dlq_reason": item.reason[:MAX_REASON_CHARACTERS],
            "dlq_consumer": f"{self._service}.{self._consumer}",
            "dlq_topic": item.origin.topic,
            "dlq_partition": str(item.origin.partition),
            "dlq_offset": str(item.origin.offset),
            "dlq_time": datetime.now(UTC).isoformat(),
        }
        original = [(name, value) for name, value in record.headers if not name.startswith("dlq_")]
        headers = [*original, *((name, value.encode()) for name, value in about.items())]
        return Record(self._topics[item.origin.topic], record.key, record.value, headers)


class Counts(NamedTuple):
    """What a brake has seen: how many records, how many were parked since a good one, and which were, of the last."""

    seen: int = 0
    consecutive: int = 0
    parked_at: tuple[int, ...] = ()


class Brake:
    """Counts what was parked: too many in a row, or too many among the last records, and it trips."""

    def __init__(self, settings: Settings) -> None:
        self._consecutive_limit = settings.dead_letters_consecutive_limit
        self._window_limit = settings.dead_letters_window_limit
        self._window_records = settings.dead_letters_window_records
        self.counts = Counts()

    def passed(self, count: int) -> None:
        """`count` records went well."""
        if count:
            self.counts = Counts(self.counts.seen + count, 0, self.counts.parked_at)

    def after(self, ends: Sequence[bool]) -> Counts | None:
        """The counts after records that end so, in their order; True stands for parked. None when it is too many."""
        _, consecutive, before = self.counts
        parked_at = deque(before)
        for number, parked in enumerate(ends, self.counts.seen + 1):
            consecutive = consecutive + 1 if parked else 0
            if parked:
                parked_at.append(number)
            while parked_at and parked_at[0] <= number - self._window_records:
                parked_at.popleft()
            if consecutive > self._consecutive_limit or len(parked_at) > self._window_limit:
                return None
        return Counts(self.counts.seen + len(ends), consecutive, tuple(parked_at))


def place_of(item: Invalid) -> dict[str, Any]:
    """Where a record stands, for the log."""
    return {"topic": item.origin.topic, "partition": item.origin.partition, "offset": item.origin.offset}
