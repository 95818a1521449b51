"""Step 6 of the data's way: whom people blocked. Nothing of it is shown, logged or counted.

Every search leaves out whom the searcher blocked and who blocked the searcher, as it leaves out who does not take part.
"""

from collections.abc import Sequence

from chassis.consumer import Consumer, Delivery
from chassis.database import Transaction
from flash_schemas.session import BlockChangedV1

# Who is forgotten blocks nobody, whatever comes late.
KEEP = """
INSERT INTO block_list (person_id, version, blocked)
SELECT person_id, b.version, CASE WHEN e.person_id IS NULL THEN b.blocked ELSE '{}' END
FROM jsonb_populate_recordset(NULL::block_list, $1) AS b LEFT JOIN erasure AS e USING (person_id) ORDER BY person_id
ON CONFLICT (person_id) DO UPDATE SET version = EXCLUDED.version, blocked = EXCLUDED.blocked
WHERE block_list.version < EXCLUDED.version
"""


def blocks() -> Consumer:
    """The reader of whom people blocked."""
    return Consumer("blocks", (BlockChangedV1.TOPIC,), take_blocks)


async def take_blocks(transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
    """Keep the newest list of each person."""
    ordered = sorted(deliveries, key=lambda delivery: delivery.envelope.aggregate_version)
    newest = {delivery.event.aggregate_id: delivery for delivery in ordered}
    rows = [
        {**delivery.event.model_dump(mode="json"), "version": delivery.envelope.aggregate_version}
        for delivery in newest.values()
    ]
    await transaction.execute(KEEP, rows)
