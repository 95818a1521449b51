"""Where poison goes: a topic beside the original one, with the raw bytes and the reason; and the brake.

Dead-lettering has a limit. A bad deploy would otherwise empty a whole topic into the dead letters, quietly.
"""

from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flash_schemas.topics import load_topics

from chassis import logs, metrics
from chassis.consumer import Invalid
from chassis.kafka import Publisher, Record
from chassis.settings import Settings

log = logs.get(__name__)

MAX_REASON_CHARACTERS = 500


class TooManyDeadLetters(Exception):
    """The limit of dead letters is reached: the consumer stops here and leaves the rest where it is."""


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

    async def park(self, invalid: Sequence[tuple[Invalid, Any]]) -> None:
        """Return when each (reason, raw Kafka record) is safe in its dead-letter topic.

        Raises TooManyDeadLetters before parking one too many, PublishFailed when Kafka does not take them.
        """
        self._brake.check(invalid[0][0].origin.topic, len(invalid))
        await self._publisher.publish([self._letter(item, record) for item, record in invalid])
        self._brake.parked(len(invalid))
        for item, _ in invalid:
            reason = item.reason.split(":")[0]
            metrics.DEAD_LETTERS.labels(self._service, self._consumer, item.origin.topic, reason).inc()
            log.error("record_parked", consumer=self._consumer, reason=item.reason, **_place(item))

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


class Brake:
    """Counts what was parked: too many in a row, or too many among the last records, and it trips."""

    def __init__(self, settings: Settings) -> None:
        self._consecutive_limit = settings.dead_letters_consecutive_limit
        self._window_limit = settings.dead_letters_window_limit
        self._window_records = settings.dead_letters_window_records
        self._consecutive = 0
        self._seen = 0
        self._parked_at: deque[int] = deque()

    def passed(self, count: int) -> None:
        """`count` records went well."""
        self._seen += count
        if count:
            self._consecutive = 0

    def check(self, topic: str, count: int) -> None:
        """Raises TooManyDeadLetters when `count` more would be too many."""
        out_of_window = self._seen + count - self._window_records
        in_window = sum(at > out_of_window for at in self._parked_at) + count
        if self._consecutive + count > self._consecutive_limit or in_window > self._window_limit:
            raise TooManyDeadLetters(topic)

    def parked(self, count: int) -> None:
        """`count` records were parked."""
        self._parked_at.extend(range(self._seen + 1, self._seen + count + 1))
        self._seen += count
        self._consecutive += count
        while self._parked_at and self._parked_at[0] <= self._seen - self._window_records:
            self._parked_at.popleft()


def _place(item: Invalid) -> dict[str, Any]:
    return {"topic": item.origin.topic, "partition": item.origin.partition, "offset": item.origin.offset}
