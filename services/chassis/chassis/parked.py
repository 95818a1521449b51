"""The command `dead-letters`: what lies beside the data's way is looked at, handled after all, or given up.

Replaying hands the record to the consumer's own handler, in one transaction with the mark that it was replayed; so it
may be repeated, and killed anywhere. Nothing newer is overtaken: handlers are guarded by aggregate versions.
"""

import os
import pwd
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from chassis import logs
from chassis.consumer import Invalid, refusal
from chassis.letters import Letter, Letters, end, read_letters
from chassis.showing import shown, table

if TYPE_CHECKING:
    from chassis.runtime import Service

log = logs.get(__name__)

COLUMNS = ("id", "consumer", "parked", "key", "type", "reason")


async def dead_letters(service: "Service", arguments: Sequence[str]) -> int:
    """Do what the arguments say; 0 when it is done, 1 when a letter stays that should not, 2 for a wrong argument."""
    asked = _parser(service.name).parse_args(arguments)
    letters = await read_letters(service.name, service.settings, service.database, service.consumers)
    unknown = [name for name in getattr(asked, "ids", ()) if name not in letters]
    if getattr(asked, "key", None) is not None and not _of_key(letters, asked.key):
        unknown.append(f"key {asked.key}")
    for name in unknown:
        _say(f"{name}: not a dead letter of {service.name}; `dead-letters list --all` names them all.")
    return 2 if unknown else await asked.run(service, letters, asked)


async def _list(_service: "Service", letters: Letters, asked: Namespace) -> int:
    listed = [letter for letter in letters.values() if asked.all or letter.end is None]
    columns = (*COLUMNS, "end") if asked.all else COLUMNS
    _say(table(columns, [_row(letter)[: len(columns)] for letter in listed]))
    _say(f"{sum(letter.end is None for letter in letters.values())} waiting, {len(letters)} in all.")
    return 0


async def _show(_service: "Service", letters: Letters, asked: Namespace) -> int:
    _say("\n\n".join(shown(letters[name]) for name in asked.ids))
    return 0


async def _replay(service: "Service", letters: Letters, asked: Namespace) -> int:
    """Each in its own transaction, in order of origin; one that is still bad stays and holds up no other."""
    chosen = _chosen(letters, asked)
    ends: Counter[str] = Counter()
    for letter in chosen:
        became, why = await _replayed(service, letter)
        ends[became] += 1
        _say(f"{became:<8} {letter.id}{why}")
    _say(f"{ends['replayed']} replayed, {ends['stays']} still bad, {ends['already']} had been replayed before.")
    return 1 if ends["stays"] else 0


async def _replayed(service: "Service", letter: Letter) -> tuple[str, str]:
    """What became of it, and why if it stays."""
    item = letter.decoded()
    if isinstance(item, Invalid):
        return "stays", f": {item.reason}"
    (consumer,) = (each for each in service.consumers if each.name == letter.consumer)
    try:
        async with service.database.transaction() as transaction:
            if not await end(transaction, letter, "replayed", _operator()):
                return "already", ""
            await consumer.handle(transaction, [item])
    except Exception as error:  # it stays, is reported, and the next one has its turn
        log.exception("letter_not_handled", consumer=consumer.name, letter=letter.id)
        return "stays", f": {refusal(error)}"
    return "replayed", ""


async def _drop(service: "Service", letters: Letters, asked: Namespace) -> int:
    for letter in (letter for letter in letters.values() if letter.id in asked.ids):
        async with service.database.transaction() as transaction:
            dropped = await end(transaction, letter, "dropped", _operator(), asked.reason)
        _say(f"dropped  {letter.id}" if dropped else f"already  {letter.id}: {letter.end or 'ended meanwhile'}")
    return 0


def _chosen(letters: Letters, asked: Namespace) -> Iterable[Letter]:
    """The letters asked for, in order of origin; without names, those that wait."""
    if asked.ids:
        return [letter for letter in letters.values() if letter.id in asked.ids]
    some = letters.values() if asked.key is None else _of_key(letters, asked.key)
    return [letter for letter in some if letter.end is None]


def _of_key(letters: Letters, key: str) -> list[Letter]:
    return [letter for letter in letters.values() if letter.key == key]


def _row(letter: Letter) -> tuple[str, ...]:
    parked_at = f"{letter.parked_at:%Y-%m-%d %H:%M:%S}"
    key = "not shown" if letter.restricted else letter.key
    return letter.id, letter.consumer, parked_at, key, letter.type, letter.reason, str(letter.end or "waiting")


def _operator() -> str:
    """Who runs this, as the operating system knows them."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a command's answer


def _parser(service: str) -> ArgumentParser:
    parser = ArgumentParser(f"{service}_service dead-letters", description="Records that a consumer set aside.")
    commands = parser.add_subparsers(required=True, metavar="list|show|replay|drop")
    listing = commands.add_parser("list", help="those that wait")
    listing.add_argument("--all", action="store_true", help="also those replayed or dropped, and how they ended")
    listing.set_defaults(run=_list)
    showing = commands.add_parser("show", help="everything about some, raw bytes included")
    showing.add_argument("ids", nargs="+", metavar="ID")
    showing.set_defaults(run=_show)
    replaying = commands.add_parser("replay", help="hand some to their consumer again, in order of origin")
    which = replaying.add_mutually_exclusive_group(required=True)
    which.add_argument("ids", nargs="*", metavar="ID", default=[])
    which.add_argument("--key", help="all that wait and have this key")
    which.add_argument("--all", action="store_true", help="all that wait")
    replaying.set_defaults(run=_replay)
    dropping = commands.add_parser("drop", help="give some up; their bytes stay in the topic until its retention")
    dropping.add_argument("ids", nargs="+", metavar="ID")
    dropping.add_argument("--reason", required=True, help="why, for whoever looks later")
    dropping.set_defaults(run=_drop)
    return parser
