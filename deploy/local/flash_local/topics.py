"""Topics on the broker, from the files that say what each one is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code
from flash_schemas.topics import DEAD_LETTER_RETENTION_DAYS, SEGMENT_DAYS, Topic, load_topics

DAY_MS = 24 * 60 * 60 * 1000
DEAD_LETTER_ROOM_BYTES = 64 * 1024
"""A dead letter carries its record as it was, and headers beside it that say where it came from."""


async def create_topics(bootstrap: str, prefix: str = "", partitions: int | None = None, replicas: int = 1) -> None:
    """Make the topics that are missing, each with its dead-letter topic; `partitions` overrides the files.

    Raises KafkaError when the broker refuses one or cannot be reached.
    """
    wanted = [new for topic in load_topics() for new in _with_dead_letters(topic, prefix, partitions, replicas)]
    async with _admin(bootstrap) as admin:
        answer = await admin.create_topics(wanted)
    for name, code, message in answer.topic_errors:
        if code not in (0, TopicAlreadyExistsError.errno):
            raise for_code(code)(f"topic {name}: {message}")


async def delete_topics(bootstrap: str, prefix: str) -> None:
    """Remove what `create_topics` made under this prefix."""
    async with _admin(bootstrap) as admin:
        await admin.delete_topics(
            [prefix + name for topic in load_topics() for name in (topic.name, topic.dead_letter)]
        )


@asynccontextmanager
async def _admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


def _with_dead_letters(topic: Topic, prefix: str, partitions: int | None, replicas: int) -> list[NewTopic]:
    settings = {
        "cleanup.policy": topic.cleanup_policy,
        "retention.ms": _days(topic.retention_days) if topic.retention_days else "-1",
        "min.compaction.lag.ms": _days(topic.min_compaction_lag_days),
        "max.message.bytes": str(topic.max_message_bytes),
    }
    if topic.cleanup_policy == "compact":
        # What a newer state replaced is gone in bounded time, however quiet the topic: erasure relies on it.
        settings["segment.ms"] = _days(SEGMENT_DAYS)
        settings["max.compaction.lag.ms"] = _days(topic.max_compaction_lag_days)
    kept_apart = {
        "cleanup.policy": "delete",
        "retention.ms": _days(DEAD_LETTER_RETENTION_DAYS),
        "max.message.bytes": str(topic.max_message_bytes + DEAD_LETTER_ROOM_BYTES),
    }
    count = partitions or topic.partitions
    return [
        NewTopic(prefix + topic.name, count, replicas, topic_configs=settings),
        NewTopic(prefix + topic.dead_letter, count, replicas, topic_configs=kept_apart),
    ]


def _days(days: int) -> str:
    return str(days * DAY_MS)
