"""The command `replay`: facts and rollups are emptied and made again from everything the topics hold, then compared.

Emptying and moving the positions back are one transaction, and the rollups of before stay aside for the comparison.
Requests to forget somebody are not read again: what they did is not undone, and would be done to people who, until
everything is counted, seem to be in no figure.
"""

from collections.abc import Sequence

from chassis.consumer import Consumer
from chassis.database import Database, Transaction
from chassis.positions import stored_positions
from chassis.replaying import Extents, followed, forgotten, parser, read_extents, rewind_all
from chassis.runtime import Service
from chassis.showing import table

from analytics_service import store
from analytics_service.consumers import consumers
from analytics_service.store import Compared

COLUMNS = ("rollup", "measure", "before", "after", "differing")


async def replay(service: Service, arguments: Sequence[str]) -> int:
    """0 when the rollups are what they were, 1 when they differ or nobody reads, 2 when events would be lost."""
    understood = parser(service.name)
    understood.add_argument("--even-if-forgotten", action="store_true", help="though some events are gone for ever")
    asked = understood.parse_args(arguments)
    counting = consumers()
    extents = await read_extents(service.settings, counting)
    if (gone := forgotten(service.settings, extents)) and not asked.even_if_forgotten:
        _say(f"Not done: the first events of {', '.join(gone)} are gone, and so would be what was counted of them.")
        return 2
    counted = await begin(service.database, counting, extents)
    if not await followed(service.database, extents):
        return 1
    return await _judge(service.database, counting, counted)


async def begin(database: Database, consumers: Sequence[Consumer], extents: Extents) -> int:
    """Empty what is counted and have it counted again; how far the consumers were."""
    async with database.transaction() as transaction:
        await store.stop_consuming(transaction)
        counted = await _read(transaction, consumers)
        await store.set_aside(transaction)
        await store.empty(transaction)
        await rewind_all(transaction, extents)
    return counted


async def _judge(database: Database, consumers: Sequence[Consumer], counted: int) -> int:
    async with database.transaction() as transaction:
        await store.stop_rolling_up(transaction)
        newer = await _read(transaction, consumers) - counted
        compared = await store.compare(transaction)
    _say(table(COLUMNS, [_row(each) for each in compared]))
    differing = sum(each.differing for each in compared)
    if not differing:
        _say("Rollups are what they were.")
        return 0
    _say(f"{differing} rows differ." + (f" {newer} newer records were read, which may be why." if newer else ""))
    return 1


async def _read(transaction: Transaction, consumers: Sequence[Consumer]) -> int:
    """The sum of all positions: what has been read, and so counted."""
    return sum([sum((await stored_positions(transaction, each.name)).values()) for each in consumers])


def _row(compared: Compared) -> tuple[str, ...]:
    before, after = compared.recomputed, compared.kept
    return compared.rollup, compared.measure, str(before), str(after), str(compared.differing)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a command's answer
