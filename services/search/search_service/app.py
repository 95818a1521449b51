"""How the search service is put together."""

import sys
from collections.abc import Sequence
from functools import partial

from chassis import reconciliation
from chassis.consumer import Consumer
from chassis.database import Database
from chassis.erasing import Receipts
from chassis.runtime import Command, Service
from chassis.worker import Worker
from opensearchpy import OpenSearchException

from search_service import export
from search_service.api import router
from search_service.commands import Search
from search_service.consumers import consumers
from search_service.erasure import Documents, erasures
from search_service.index import Index, Indexer
from search_service.rebuild import NotEqual, rebuild, rollback
from search_service.reconcile import Reconciler
from search_service.settings import Settings
from search_service.unlinked_terms import forget_some_terms


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
        "reconcile": reconciliation.command(database, reconciler, (OpenSearchException,)),
    }


async def _rebuild(service: Service, _arguments: Sequence[str], *, index: Index, indexer: Indexer) -> int:
    try:
        count = await rebuild(service.database, index, indexer)
    except NotEqual as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command's answer
        return 1
    except OpenSearchException as error:
        print(f"Not finished, run it again: {error!r}", file=sys.stderr)  # noqa: T201 - a command's answer
        return 1
    print(f"The new index is shown: {count} people.")  # noqa: T201 - a command's answer
    return 0


async def _rollback(service: Service, _arguments: Sequence[str], *, index: Index) -> int:
    try:
        await rollback(service.database, index)
    except LookupError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command's answer
        return 1
    return 0
