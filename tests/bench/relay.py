"""The relay's drain against the same bytes sent by a producer that has nothing else to do."""

from uuid import uuid4

from chassis import outbox
from chassis.database import Database
from chassis.kafka import KafkaPublisher, Record
from chassis.outbox import Outgoing
from chassis.relay import Relay
from chassis.settings import Settings
from flash_local.engines.every import Engines
from flash_schemas.profile import SkillChangedV1

from tests.bench.measure import Spent, against_floor, spent
from tests.bench.world import database_of

EVENTS = 20_000
WARM_UP = 500


class Kept:
    """Passes records on and keeps what they were, so that the floor sends the very same."""

    def __init__(self, publisher: KafkaPublisher) -> None:
        self._publisher = publisher
        self.batches: list[list[Record]] = []

    async def publish(self, records: list[Record]) -> None:
        self.batches.append(list(records))
        await self._publisher.publish(records)

    async def close(self) -> None:
        await self._publisher.close()


async def run(engines: Engines) -> None:
    """Print the figure."""
    async with database_of(engines, "profile") as (database, values):
        settings = Settings(**values)
        kept = Kept(KafkaPublisher(settings))
        relay, connection = Relay("bench", settings, kept), await database.dedicated()  # type: ignore[arg-type] # keeps the contract
        await _append(database, WARM_UP)
        await relay.publish_window(connection)
        kept.batches.clear()
        await _append(database, EVENTS)
        with spent() as ours:
            while await relay.publish_window(connection):
                pass
        await connection.close()
        floor = await _floor(settings, kept.batches)
        await kept.close()
    against_floor("relay drain", ours, floor, EVENTS, "events")


async def _append(database: Database, count: int) -> None:
    for _ in range(0, count, 500):
        async with database.transaction() as transaction:
            events = [SkillChangedV1(skill_id=uuid4(), change="created", label="x" * 50) for _ in range(500)]
            await outbox.append(transaction, [Outgoing(event, 1) for event in events])


async def _floor(settings: Settings, batches: list[list[Record]]) -> Spent:
    publisher = KafkaPublisher(settings)
    await publisher.publish(batches[0][:1])
    with spent() as floor:
        for batch in batches:
            await publisher.publish(batch)
    await publisher.close()
    return floor
