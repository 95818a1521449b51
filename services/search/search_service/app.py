"""How the search service is put together."""

import sys
from argparse import ArgumentParser
from collections.abc import Awaitable, Sequence
from functools import partial

from chassis import reconciliation
from chassis.consumer import Consumer
from chassis.database import Database
from chassis.erasing import Receipts
from chassis.operating import to_its_end
from chassis.runtime import Command, Service
from chassis.worker import Worker
from opensearchpy import OpenSearchException

from search_service import export
from search_service.api import router
from search_service.commands import Search
from search_service.consumers import consumers
from search_service.erasure import Documents, erasures
from search_service.index import Index, Indexer
from search_service.rebuild import NoFormer, NotEqual, rebuild, rollback
from search_service.reconcile import Reconciler
from search_service.settings import Settings
from search_service.unlinked_terms import forget_some_terms

AWAY = (OpenSearchException,)
"""What the client says of an OpenSearch that does not answer, or not well."""


def build(settings: Settings) -> Service:
    """Consumers that keep the projection, workers that keep the index and confirm erasures, and the API."""
    database, index = Database(settings), Index(settings)
    indexer = Indexer(database, index, settings.index_batch_documents)
    readers = [*consumers(), erasures()]
    return Service(
        "search",
        settings,
        database,
        routers=[router, export.router],
        consumers=readers,
        workers=_workers(settings, database, indexer, readers),
        state={"search": Search(database, index, settings.query_hash_key)},
        opened=[index.open],
        closed=[index.close],
        pings={"opensearch": index.ping},
        commands=_commands(settings, database, index, indexer),
    )


def _workers(settings: Settings, database: Database, indexer: Indexer, readers: Sequence[Consumer]) -> list[Worker]:
    forget = partial(forget_some_terms, database, settings.unlinked_terms_keep_days)
    return [
        Worker("indexer", indexer.run, settings.index_interval_ms),
        Worker("unlinked-terms", forget, settings.unlinked_terms_interval_ms, wake_on_commit=False),
        Receipts("search", settings, database, readers, Documents(database)).worker(),
    ]


def _commands(settings: Settings, database: Database, index: Index, indexer: Indexer) -> dict[str, Command]:
    reconciler = Reconciler(database, settings, index, indexer)
    return {
        "rebuild": partial(_rebuild, index=index, indexer=indexer),
        "rollback": partial(_rollback, index=index),
        "reconcile": reconciliation.command(database, reconciler, AWAY),
    }


async def _rebuild(service: Service, arguments: Sequence[str], *, index: Index, indexer: Indexer) -> int:
    _options("rebuild", "Build a new index beside the one that is shown, and show it.", arguments)
    told = _told(rebuild(service.database, index, indexer), "The new index is shown: {} people.")
    return await to_its_end(told, AWAY)


async def _rollback(service: Service, arguments: Sequence[str], *, index: Index) -> int:
    _options("rollback", "Show the former index again.", arguments)
    told = _told(rollback(service.database, index), "The former index is shown again: {}.")
    return await to_its_end(told, AWAY)


def _options(command: str, description: str, arguments: Sequence[str]) -> None:
    """There are none but --help."""
    ArgumentParser(f"search_service {command}", description=description).parse_args(arguments)


async def _told(work: Awaitable[object], done: str) -> int:
    """Say what came of it; 1 when nothing did."""
    try:
        print(done.format(await work))  # noqa: T201 - a command's answer
    except (NotEqual, NoFormer) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command's answer
        return 1
    return 0
