"""Step 2 of the write path: messages of before are sealed, and keys are wrapped anew."""

from argparse import ArgumentParser
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from uuid import UUID

from chassis.database import Database, Transaction
from chassis.runtime import Service

from session_service import store
from session_service.sealing import Keyring, MasterKeyMissing

FIRST = (UUID(int=0), UUID(int=0))
KEYS_AT_ONCE = 500


async def seal_some(database: Database, keyring: Keyring, limit: int) -> bool:
    """Seal what one session still holds as plain text, a bounded number at once; True when there may be more.

    The session is locked as for writing in it: then nobody is forgotten between a message's reading and its sealing.
    """
    try:
        async with database.transaction() as transaction:
            session_id = await store.some_plain_session(transaction)
            if session_id is None:
                return False
            await store.lock_session(transaction, session_id)
            await store.seal_plain(transaction, keyring, session_id, limit)
    except MasterKeyMissing:  # which is logged; nothing is lost, and the next round tries again
        return False
    return True


async def rewrap(service: Service, arguments: Sequence[str], *, keyring: Keyring) -> int:
    """The one-shot command that wraps all by the newest master key; 1 when something cannot be unwrapped."""
    parser = ArgumentParser("session_service rewrap", description="Wrap all keys by the newest master key.")
    parser.parse_args(arguments)
    count, after = 0, FIRST
    try:
        while True:
            async with service.database.transaction() as transaction:
                done = await store.rewrap_some(transaction, keyring, after, KEYS_AT_ONCE)
            if not done:
                break
            count, after = count + len(done), done[-1]
        for rewrap_others in (store.rewrap_reports, store.rewrap_calendars):
            count += await _all(partial(rewrap_others, keyring=keyring, limit=KEYS_AT_ONCE), service.database)
    except MasterKeyMissing:
        print(f"{count} keys wrapped anew; another is wrapped by a master key that is not given here.")  # noqa: T201 - a command's answer
        return 1
    print(f"{count} keys wrapped anew; every key is wrapped by the newest master key, {keyring.newest}.")  # noqa: T201 - a command's answer
    return 0


async def _all(rewrap_some: Callable[[Transaction], Awaitable[int]], database: Database) -> int:
    count = 0
    while True:
        async with database.transaction() as transaction:
            done = await rewrap_some(transaction)
        count += done
        if not done:
            return count
