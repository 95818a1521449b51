"""The command `deliveries`: what did not go out is looked at, tried again, or given up."""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from uuid import UUID

from chassis.runtime import Service
from chassis.showing import table

from session_service.store import deliveries as store

COLUMNS = ("id", "channel", "state", "attempts", "since", "person", "reason")


async def deliveries(service: Service, arguments: Sequence[str]) -> int:
    """Do what the arguments say; 0 when it is done, 2 for an id that is not in trouble."""
    asked = _parser().parse_args(arguments)
    if asked.command == "list":
        return await _list(service)
    async with service.database.transaction() as transaction:
        change = store.retry if asked.command == "retry" else store.drop
        done = await change(transaction, asked.ids, asked.all)
    for unknown in [each for each in asked.ids if each not in done]:
        print(f"{unknown}: not in trouble; `deliveries list` names what is.", file=sys.stderr)  # noqa: T201 - an answer
    print(f"{len(done)} done.")  # noqa: T201 - a command's answer
    return 0 if done >= set(asked.ids) else 2


async def _list(service: Service) -> int:
    async with service.database.connection() as connection:
        found = await store.trouble(connection)
        failed, unknown, _ = await store.measure(connection)
    rows = [
        (
            str(each.delivery_id),
            each.channel,
            each.state,
            str(each.attempts),
            f"{each.changed_at:%Y-%m-%d %H:%M:%S}",
            str(each.person_id),
            each.reason,
        )
        for each in found
    ]
    print(table(COLUMNS, rows))  # noqa: T201 - a command's answer
    shown = f"; these are the {len(rows)} oldest" if failed + unknown > len(rows) else ""
    print(f"{failed + unknown} in trouble: {failed} failed, {unknown} unknown{shown}.")  # noqa: T201 - an answer
    return 0


def _parser() -> ArgumentParser:
    parser = ArgumentParser("session_service deliveries", description="Mail and chat messages that did not go out.")
    commands = parser.add_subparsers(required=True, dest="command", metavar="list|retry|drop")
    commands.add_parser("list", help="those that failed, and those of which nobody can tell")
    for name, what in (("retry", "try some again, with the same Message-ID"), ("drop", "give some up")):
        which = commands.add_parser(name, help=what).add_mutually_exclusive_group(required=True)
        which.add_argument("ids", nargs="*", type=UUID, metavar="ID", default=[])
        which.add_argument("--all", choices=("failed", "unknown"), help="all in this state; `unknown` may be out")
    return parser
