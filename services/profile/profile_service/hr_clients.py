"""The command `hr-clients`: who may push signed HR events, and the secrets they sign with, each shown once."""

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from datetime import datetime

from chassis.problems import Conflict, NotFound
from chassis.runtime import Service
from chassis.showing import table

from profile_service import commands, store

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,49}")
OLD_VALID_HOURS = 24
LONGEST_HOURS = 24 * 30


async def hr_clients(service: Service, arguments: Sequence[str]) -> int:
    """Do what the arguments say; 0 when it is done, 1 when there is no such sender, or one of that name already."""
    asked = _parser().parse_args(arguments)
    try:
        await asked.run(service, asked)
    except (Conflict, NotFound) as refused:
        _say(f"{asked.name}: {refused.detail if isinstance(refused, Conflict) else 'no sender of this name signs'}")
        return 1
    return 0


async def _add(service: Service, asked: Namespace) -> None:
    _show(asked.name, await commands.add_webhook_client(service.database, asked.name))


async def _list(service: Service, _asked: Namespace) -> None:
    async with service.database.connection() as connection:
        clients = await store.webhook_clients(connection)
    rows = [(c.name, _day(c.created_at), _day(c.revoked_at), str(c.valid_secrets), _day(c.old_until)) for c in clients]
    _say(table(("name", "added", "revoked", "valid secrets", "old ones until"), rows))


async def _rotate(service: Service, asked: Namespace) -> None:
    _show(asked.name, await commands.rotate_secret(service.database, asked.name, asked.hours))


async def _revoke(service: Service, asked: Namespace) -> None:
    await commands.revoke_webhook_client(service.database, asked.name)
    _say(f"{asked.name} signs no more.")


def _show(name: str, secret: str) -> None:
    _say(f"{secret}\nIt is not shown again. {name} pushes to /api/v1/hr/signed-org-events/{name}.")


def _day(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else "-"


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a command's answer


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise ArgumentTypeError("small letters, digits and -, at most 50")
    return text


def _hours(text: str) -> int:
    if not text.isdecimal() or int(text) > LONGEST_HOURS:
        raise ArgumentTypeError(f"0 to {LONGEST_HOURS}")
    return int(text)


def _parser() -> ArgumentParser:
    parser = ArgumentParser("profile_service hr-clients", description="Senders of signed HR events.")
    subcommands = parser.add_subparsers(required=True, metavar="add|list|rotate|revoke")
    subcommands.add_parser("list", help="all of them").set_defaults(run=_list)
    for name, run, text in (
        ("add", _add, "a new one, with its secret"),
        ("rotate", _rotate, "a new secret; the old ones stay valid for a while"),
        ("revoke", _revoke, "none of its secrets is valid any more"),
    ):
        subcommand = subcommands.add_parser(name, help=text)
        subcommand.add_argument("name", type=_name)
        subcommand.set_defaults(run=run)
    subcommands.choices["rotate"].add_argument(
        "--hours", type=_hours, default=OLD_VALID_HOURS, help=f"how long old secrets stay valid ({OLD_VALID_HOURS})"
    )
    return parser
