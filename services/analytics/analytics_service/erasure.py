"""Beside step 6 of the data's way: what this service forgets of a person.

It never held more than ids, times and numbers, and in which department somebody stood. Once the profile is empty, an id
leads to nobody. So facts stay, and with them the departments that they are counted in; of somebody who had no part in
anything the departments go. Nothing is noted of a forgotten person's place any more, also when topics are read again.
"""

from collections.abc import Sequence

from chassis import erasing
from chassis.consumer import Consumer, Delivery
from chassis.database import Transaction
from flash_schemas.erasure import ErasureRequestedV1

# Reads all of the people's parts: an index for so rare a question would slow every event down. While a replay counts
# them again, who is in a figure stands in what it has set aside.
FORGET_PLACES = """
DELETE FROM person_unit WHERE person_id = $1
    AND NOT EXISTS (SELECT FROM rollup_person WHERE person_id = $1)
    AND NOT EXISTS (SELECT FROM fresh_person WHERE person_id = $1)
"""


def erasures() -> Consumer:
    """The reader of requests to forget somebody."""
    return Consumer("erasures", (ErasureRequestedV1.TOPIC,), take_erasures)


async def take_erasures(transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
    """Forget whom to forget."""
    await erasing.take_requests(transaction, deliveries, erase)


async def erase(transaction: Transaction, request: ErasureRequestedV1) -> int:
    """Remove the places of somebody who is in no figure; how many."""
    return int((await transaction.execute(FORGET_PLACES, request.person_id)).split()[-1])
