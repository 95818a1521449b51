"""Topics are created from the files in `schemas/topics` and from nowhere else; so are their dead letters."""

from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code
from flash_schemas.topics import DEAD_LETTER_RETENTION_DAYS, Topic, load_topics

DAY_MS = 86_400_000


async def create_topics(bootstrap: str, prefix: str = "", partitions: int | None = None) -> list[str]:
    """Create what is missing; the names that are new. `partitions` overrides the files, for quick tests."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        missing = [topic for topic in _wanted(prefix, partitions) if topic.name not in existing]
        if missing:
            _raise_errors((await admin.create_topics(missing)).topic_errors)
        return [topic.name for topic in missing]
    finally:
        await admin.close()


def _wanted(prefix: str, partitions: int | None) -> list[NewTopic]:
    wanted = []
    for topic in load_topics():
        count = partitions or topic.partitions
        wanted.append(NewTopic(prefix + topic.name, count, 1, topic_configs=_settings(topic)))
        letters = {"cleanup.policy": "delete", "retention.ms": str(DEAD_LETTER_RETENTION_DAYS * DAY_MS)}
        wanted.append(NewTopic(prefix + topic.dead_letter, 1, 1, topic_configs=letters))
    return wanted


def _settings(topic: Topic) -> dict[str, str]:
    limit = {"max.message.bytes": str(topic.max_message_bytes)}
    if topic.cleanup_policy == "compact":
        lag = str(topic.min_compaction_lag_days * DAY_MS)
        return {**limit, "cleanup.policy": "compact", "min.compaction.lag.ms": lag}
    return {**limit, "cleanup.policy": "delete", "retention.ms": str(topic.retention_days * DAY_MS)}


def _raise_errors(answers: Iterable[tuple[object, ...]]) -> None:
    for name, code, *message in answers:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise error(f"topic {name}: {message}")
