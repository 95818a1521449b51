"""Who may use SCIM: clients with tokens of their own, of which the database knows the hash alone.

`python -m profile_service scim-clients` makes them. While a token is rotated, the old one stays valid beside the new.
"""

import hashlib
import secrets
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence

from chassis import logs
from chassis.database import Database, Transaction
from chassis.runtime import Service
from chassis.showing import table
from scim2_models import UnauthorizedException

from profile_service.scim import store

TOKEN_PREFIX = "flash_scim_"  # noqa: S105 # what a token begins with, so that scanners for leaked secrets know it
TOKEN_BYTES = 32
VALID_DAYS = 365
LONGEST_DAYS = 3650
OVERLAP_HOURS = 24
LONGEST_HOURS = 24 * 30
COLUMNS = ("client", "made", "expires", "state")

log = logs.get(__name__)


async def recognised(database: Database, authorization: str | None) -> str:
    """The name of the client that calls. Raises UnauthorizedException."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.casefold() != "bearer" or not token.strip():
        raise UnauthorizedException(detail="Send the client's token as `Authorization: Bearer ...`")
    async with database.connection() as connection:
        name = await store.client_of(connection, _hash(token.strip()))
    if name is None:
        log.info("scim_token_refused")
        raise UnauthorizedException(detail="This token is not known, has expired or was revoked")
    return name


async def scim_clients(service: Service, arguments: Sequence[str] = ()) -> int:
    """Do what the arguments say; 0 when it is done, 1 when the client's present tokens do not allow it."""
    asked = _parser().parse_args(arguments)
    async with service.database.transaction() as transaction:
        await store.lock_clients(transaction)
        status, text = await asked.run(transaction, asked)
    sys.stdout.write(f"{text}\n")
    return int(status)


def _parser() -> ArgumentParser:
    parser = ArgumentParser("python -m profile_service scim-clients", description="The HR clients of /scim/v2.")
    commands = parser.add_subparsers(required=True)
    commands.add_parser("list", help="every client and the state of its tokens").set_defaults(run=_list)
    add = commands.add_parser("add", help="a new client; prints its token, once")
    add.add_argument("name")
    add.add_argument("--days", type=_days, default=VALID_DAYS, help="how long the token is valid (%(default)s)")
    add.set_defaults(run=_add)
    rotate = commands.add_parser("rotate", help="a new token beside the present one; prints it, once")
    rotate.add_argument("name")
    rotate.add_argument("--days", type=_days, default=VALID_DAYS, help="how long the new one is valid (%(default)s)")
    rotate.add_argument("--overlap-hours", type=_hours, default=OVERLAP_HOURS, help="... and the old one (%(default)s)")
    rotate.set_defaults(run=_rotate)
    revoke = commands.add_parser("revoke", help="end all tokens of a client at once")
    revoke.add_argument("name")
    revoke.set_defaults(run=_revoke)
    return parser


def _days(text: str) -> int:
    return _within(text, 1, LONGEST_DAYS)


def _hours(text: str) -> int:
    return _within(text, 0, LONGEST_HOURS)


def _within(text: str, least: int, most: int) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise ArgumentTypeError(f"{least} to {most}")
    return int(text)


async def _list(transaction: Transaction, _asked: Namespace) -> tuple[int, str]:
    rows = [
        (row.name, f"{row.created:%Y-%m-%d %H:%M}", f"{row.expires:%Y-%m-%d %H:%M}", _state(row))
        for row in await store.clients(transaction)
    ]
    return 0, table(COLUMNS, rows)


def _state(row: store.ClientRow) -> str:
    return "valid" if row.valid else "revoked" if row.revoked else "expired"


async def _add(transaction: Transaction, asked: Namespace) -> tuple[int, str]:
    if await _has_valid(transaction, asked.name):
        return 1, f"{asked.name}: has a valid token; `rotate` makes another, `revoke` ends it."
    return 0, await _new_token(transaction, asked)


async def _rotate(transaction: Transaction, asked: Namespace) -> tuple[int, str]:
    if not await _has_valid(transaction, asked.name):
        return 1, f"{asked.name}: no client with a valid token; `add` makes one."
    await store.end_soon(transaction, asked.name, asked.overlap_hours)
    return 0, await _new_token(transaction, asked)


async def _revoke(transaction: Transaction, asked: Namespace) -> tuple[int, str]:
    ended = await store.revoke(transaction, asked.name)
    return (0, f"{asked.name}: {ended} tokens revoked.") if ended else (1, f"{asked.name}: no valid token.")


async def _has_valid(transaction: Transaction, name: str) -> bool:
    return any(row.valid for row in await store.clients(transaction) if row.name == name)


async def _new_token(transaction: Transaction, asked: Namespace) -> str:
    """The only time that it is seen."""
    token = TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    await store.add_token(transaction, asked.name, _hash(token), asked.days)
    return token


def _hash(token: str) -> bytes:
    """Random tokens of this length need no slow hash."""
    return hashlib.sha256(token.encode()).digest()
