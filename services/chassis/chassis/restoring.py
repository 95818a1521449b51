"""The command `restored`: a database that came back from a backup outranks again what its service's topics hold.

Others keep the newest version of each aggregate that they were told. After a restore that is one which nobody here
knows, and whatever is said next would be passed over until as many changes were made again. So each aggregate that is
behind its topic gets a version above it, and is said as it is now; what was made after the backup is ended for the
others, as far as its kind can end. Each bit is one transaction that leaves nothing of itself to do, so the command may
be stopped anywhere and run again.
"""

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from flash_schemas.base import Event

from chassis import logs, outbox
from chassis.comparison import Versions, chunks
from chassis.consumer import Delivery
from chassis.database import Database, Transaction
from chassis.outbox import Outgoing
from chassis.published import Key, Published, read_published, read_told
from chassis.republishing import begin_epoch
from chassis.settings import Settings
from chassis.showing import table
from chassis.topic_reader import read_topics

if TYPE_CHECKING:
    from chassis.runtime import Service

log = logs.get(__name__)

ENDING_LOCK = 0x0F1A_5402
LOOK_UP = 5_000
# What an earlier run ended has no row, but is in the outbox until it is published, and in the topic afterwards.
ENDED_BEFORE = """
SELECT aggregate_id FROM outbox JOIN unnest($2::uuid[], $3::bigint[]) AS p (aggregate_id, version) USING (aggregate_id)
WHERE topic = ANY ($1) AND aggregate_version > p.version
"""

Raise = Callable[[Transaction, Mapping[UUID, int]], Awaitable[Sequence[Outgoing]]]
"""Give each aggregate that is not above its published version the one after that; those that got it, as they are."""
Ending = Callable[[Sequence[Delivery]], Event | None]
"""What ends an aggregate for the others, of which they were told this; None when nothing needs to."""
First = Callable[["Service"], Awaitable[None]]
What = Literal["raised", "made", "ended", "gone"]
COUNTED: tuple[What, ...] = ("raised", "made", "ended", "gone")


def aggregate_id(event: Event) -> UUID:
    """What most events are about."""
    return event.aggregate_id


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of what a service says, where it keeps it, and what can be done when its topics know more.

    Without `raised` its things have no versions of their own: they are there or not. `makes_unknown` says that `raised`
    makes what is not there; `ending` is for kinds that end instead. With neither, what is not there is only reported.
    """

    name: str
    topics: tuple[str, ...]
    kept: Versions
    raised: Raise | None = None
    makes_unknown: bool = False
    ending: Ending | None = None
    key: Key = aggregate_id


@dataclass(frozen=True, slots=True)
class Divergence:
    """One thing of which the topics know more than the database; `before` None: it is not there."""

    kind: str
    id: UUID
    published: int
    before: int | None
    what: What
    after: int | None = None


async def restored(
    service: "Service", kinds: Sequence[Kind], limit: int, arguments: Sequence[str], first: First | None = None
) -> int:
    """Mend what diverges, `limit` things in a transaction, and report it; 0 when nothing is left to do.

    `first` is what has to be done before anything is said. Raises KafkaError and what is transient of PostgreSQL.
    """
    mend = not _parser(service.name).parse_args(arguments).check
    mending = Mending(service.database, service.settings, limit, mend=mend)
    if mend:
        await _begin(service.database)
    if mend and first:
        await first(service)
    diverged = [each for kind in kinds for each in await mending(kind)]
    print(report(kinds, diverged, mended=mend))  # noqa: T201 - a command's answer
    return 0 if mend or all(each.what == "gone" for each in diverged) else 1


async def _begin(database: Database) -> None:
    async with database.connection() as connection:
        begun = await begin_epoch(connection)
    if begun:
        print("The outbox was of another cluster: all that is in it goes out once more.")  # noqa: T201 - an answer


class Mending:
    """Finds what diverges of a kind, and mends it unless told only to look."""

    def __init__(self, database: Database, settings: Settings, limit: int, *, mend: bool) -> None:
        self._database = database
        self._settings = settings
        self._limit = limit
        self._mend = mend

    async def __call__(self, kind: Kind) -> list[Divergence]:
        """Everything of which the topics know more. Raises KafkaError, TimeoutError."""
        diverged = await (self._versions(kind) if kind.raised else self._gone(kind))
        counts = Counter[str](each.what for each in diverged)
        log.info("restored", kind=kind.name, mended=self._mend, **counts)
        return diverged

    async def _versions(self, kind: Kind) -> list[Divergence]:
        published = await read_published(self._settings, kind.topics, kind.key)
        present = await self._present(kind, published.versions)
        return await self._behind(kind, published, present) + await self._unknown(kind, published, present)

    async def _gone(self, kind: Kind) -> list[Divergence]:
        """Things that are there or not, of which there may be many: only those that are not are kept in memory."""
        gone: dict[UUID, int] = {}
        async for items in read_topics(self._settings, kind.topics):
            some = [item for item in items if isinstance(item, Delivery)]
            told = {kind.key(item.event): item.envelope.aggregate_version for item in some}
            async with self._database.connection() as connection:
                known = await kind.kept.of(connection, told)
            gone |= {key: version for key, version in told.items() if key not in known}
        return [Divergence(kind.name, key, version, None, "gone") for key, version in sorted(gone.items())]

    async def _present(self, kind: Kind, published: Mapping[UUID, int]) -> dict[UUID, int]:
        present: dict[UUID, int] = {}
        async with self._database.connection() as connection:
            for some in chunks(sorted(published), LOOK_UP):
                present |= await kind.kept.of(connection, some)
        return present

    async def _behind(self, kind: Kind, published: Published, present: Mapping[UUID, int]) -> list[Divergence]:
        """Those that others would not believe, raised above what they were told."""
        assert kind.raised, "asked of kinds with versions"
        behind = _behind(published, present)
        if kind.makes_unknown:
            behind |= {key: version for key, version in published.versions.items() if key not in present}
        for some in chunks(sorted(behind), self._limit) if self._mend else ():
            async with self._database.transaction() as transaction:
                said = await kind.raised(transaction, {key: behind[key] for key in some})
                await outbox.append(transaction, said)
        return [self._divergence(kind, key, behind[key], present.get(key)) for key in sorted(behind)]

    def _divergence(self, kind: Kind, key: UUID, published: int, before: int | None) -> Divergence:
        what: What = "made" if before is None else "raised"
        return Divergence(kind.name, key, published, before, what, published + 1 if self._mend else None)

    async def _unknown(self, kind: Kind, published: Published, present: Mapping[UUID, int]) -> list[Divergence]:
        """Those that only others know: made after the backup."""
        if kind.makes_unknown:
            return []
        unknown = {key: version for key, version in published.versions.items() if key not in present}
        ended = await self._ended(kind, unknown) if kind.ending else set()
        return [
            Divergence(kind.name, key, version, None, "ended", version + 1 if self._mend else None)
            if key in ended
            else Divergence(kind.name, key, version, None, "gone")
            for key, version in sorted(unknown.items())
        ]

    async def _ended(self, kind: Kind, unknown: Mapping[UUID, int]) -> set[UUID]:
        """End those that are not over yet; which they were."""
        assert kind.ending, "asked of kinds that end"
        told = await read_told(self._settings, kind.topics, kind.key, unknown)
        endings = {key: event for key, deliveries in told.items() if (event := kind.ending(deliveries))}
        ended: set[UUID] = set()
        for some in chunks(sorted(endings), self._limit):
            async with self._database.transaction() as transaction:
                await transaction.execute("SELECT pg_advisory_xact_lock($1)", ENDING_LOCK)
                before = await _ended_before(transaction, kind.topics, {key: unknown[key] for key in some})
                ended |= (fresh := {*some} - before)
                if self._mend:
                    await outbox.append(transaction, [Outgoing(endings[k], unknown[k] + 1) for k in sorted(fresh)])
        return ended


def _behind(published: Published, present: Mapping[UUID, int]) -> dict[UUID, int]:
    """What is not above the topics: below, or level with a version of which they say two things."""
    return {
        key: version
        for key, known in present.items()
        if known < (version := published.versions[key]) or (known == version and key in published.disputed)
    }


async def _ended_before(transaction: Transaction, topics: Collection[str], unknown: Mapping[UUID, int]) -> set[UUID]:
    rows = await transaction.fetch(ENDED_BEFORE, list(topics), list(unknown), list(unknown.values()))
    return {row["aggregate_id"] for row in rows}


def report(kinds: Sequence[Kind], diverged: Sequence[Divergence], *, mended: bool) -> str:
    """How much diverges of each kind, then each thing that does."""
    counts = Counter((each.kind, each.what) for each in diverged)
    summary = [(kind.name, *(str(counts[kind.name, what]) for what in COUNTED)) for kind in kinds]
    lines = [table(("kind", *COUNTED), summary)]
    if diverged:
        columns = ("kind", "id", "published", "before", "after", "what")
        lines += ["", table(columns, [_line(each) for each in diverged]), ""]
    return "\n".join([*lines, _verdict(diverged, mended=mended)])


def _line(each: Divergence) -> tuple[str, ...]:
    before, after = ("-" if version is None else str(version) for version in (each.before, each.after))
    return each.kind, str(each.id), str(each.published), before, after, each.what


def _verdict(diverged: Sequence[Divergence], *, mended: bool) -> str:
    open_ones = sum(each.what != "gone" for each in diverged)
    if not open_ones:
        return "Nothing is left to do."
    return f"{open_ones} were mended." if mended else f"{open_ones} are to be mended; nothing was changed."


def _parser(service: str) -> ArgumentParser:
    parser = ArgumentParser(
        f"{service}_service restored", description="After a restore: outrank what the topics hold of this service."
    )
    parser.add_argument("--check", action="store_true", help="only report; 1 when there is something to mend")
    return parser
