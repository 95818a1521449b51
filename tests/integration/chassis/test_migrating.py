"""A newer release has migrated the database, and consumers of this one still run: no good event is set aside."""

from collections.abc import Sequence

import pytest
from chassis.consumer import Delivery
from chassis.database import Transaction
from flash_local.databases import DatabaseUrls

from tests.support.consumers import HANDLE, Kit
from tests.support.databases import add_column


@pytest.mark.parametrize("given_back", ["*", "handled"], ids=["its columns", "a row as one value"])
async def test_a_table_that_gets_a_column_under_a_consumer_parks_nothing(
    kit: Kit, chassis_database: DatabaseUrls, given_back: str
) -> None:
    async def take(transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            about = delivery.envelope
            statement = f"{HANDLE} RETURNING {given_back}"
            assert await transaction.fetch(statement, about.event_id, about.subject, about.aggregate_version)

    await kit.start(kit.component(take))
    sent = await kit.send(1)
    await kit.all_handled(sent)
    await add_column(chassis_database, "handled")
    sent += await kit.send(1)
    await kit.all_handled(sent)
    assert await kit.parked() == []
