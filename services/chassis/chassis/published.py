"""Beside the data's way: the highest version that the topics hold of each aggregate, whoever said it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import md5
from uuid import UUID

from flash_schemas.base import Event

from chassis.consumer import Delivery
from chassis.settings import Settings
from chassis.topic_reader import read_topics

BESIDE_STATE = {"change"}
"""Why a state was said is no part of it."""

Key = Callable[[Event], UUID]
"""What an event is about."""


@dataclass
class Published:
    """The highest version of each, and of which of them it says two different things: two histories met there."""

    versions: dict[UUID, int] = field(default_factory=dict)
    disputed: set[UUID] = field(default_factory=set)
    _contents: dict[UUID, bytes] = field(default_factory=dict)

    def take(self, key: UUID, delivery: Delivery) -> None:
        """Read on."""
        version, known = delivery.envelope.aggregate_version, self.versions.get(key, 0)
        if version < known:
            return
        content = _content(delivery)
        if version > known:
            self.versions[key], self._contents[key] = version, content
            self.disputed.discard(key)
        elif content != self._contents[key]:
            self.disputed.add(key)


async def read_published(settings: Settings, topics: Sequence[str], key: Key) -> Published:
    """All that these topics hold at present; about 300 bytes for each. Raises KafkaError, TimeoutError."""
    published = Published()
    async for items in read_topics(settings, topics):
        for item in items:
            if isinstance(item, Delivery):
                published.take(key(item.event), item)
    return published


async def read_told(
    settings: Settings, topics: Sequence[str], key: Key, wanted: Collection[UUID]
) -> Mapping[UUID, Sequence[Delivery]]:
    """Everything that these topics hold of some, by version. Raises KafkaError, TimeoutError."""
    told: dict[UUID, list[Delivery]] = {}
    if not wanted:
        return told
    async for items in read_topics(settings, topics):
        for item in items:
            if isinstance(item, Delivery) and key(item.event) in wanted:
                told.setdefault(key(item.event), []).append(item)
    return {each: sorted(some, key=lambda delivery: delivery.envelope.aggregate_version) for each, some in told.items()}


def _content(delivery: Delivery) -> bytes:
    said = delivery.envelope.type + delivery.event.model_dump_json(exclude=BESIDE_STATE)
    return md5(said.encode(), usedforsecurity=False).digest()
