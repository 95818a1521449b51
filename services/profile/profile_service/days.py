"""What a new day brings by itself: programs that are over end, and where the day matters everyone is placed anew.

The day for which people were last placed is kept: a process that was stopped over midnight catches up when it starts,
and of several processes one does it.
"""

from datetime import date

from chassis import logs
from chassis.database import Database, Transaction

from profile_service import commands, store
from profile_service.model import Program

log = logs.get(__name__)


async def turn_day(database: Database) -> bool:
    """Do what a day brings that has begun since the last time; there is never more to do."""
    async with database.connection() as connection:
        if not await store.day_is_new(connection):
            return False
    async with database.transaction() as transaction:
        await store.lock_organisation(transaction)
        last = await store.take_day(transaction)
        if last:
            await _turn(transaction, last)
    return False


async def _turn(transaction: Transaction, last: date) -> None:
    programs = [program for program in await store.programs(transaction) if program.status == "active"]
    over = [program for program in programs if program.is_over]
    for program in over:
        await commands.keep_program(transaction, None, program, program.archived(), "archived")
    # One pass places people in every program; ending one has brought a pass of its own.
    if not over and any(_depends_on_days(program, last) for program in programs):
        await store.add_refresh(transaction, "participation_changed")
    log.info("day_turned", programs=len(programs), archived=len(over))


def _depends_on_days(program: Program, last: date) -> bool:
    return program.body.eligibility.tenure is not None or last < program.body.starts_on
