"""How the search service is put together."""

import sys
from collections.abc import Sequence
from functools import partial

from chassis import reconciliation
from chassis.database import Database
from chassis.erasing import Receipts
from chassis.runtime import Service
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
    forget = partial(forget_some_terms, database, settings.unlinked_terms_keep_days)

    async def run_rebuild(_service: Service, _arguments: Sequence[str]) -> int:
        try:
            print(f"The new index is shown: {await rebuild(database, index, indexer)} people.")  # noqa: T201 - a command's answer
        except NotEqual as error:
            print(error, file=sys.stderr)  # noqa: T201 - a command's answer
            return 1
        return 0

    async def run_rollback(_service: Service, _arguments: Sequence[str]) -> int:
        try:
            await rollback(database, index)
        except LookupError as error:
            print(error, file=sys.stderr)  # noqa: T201 - a command's answer
            return 1
        return 0

    reconciler = Reconciler(database, settings, index, indexer)
    run_reconcile = reconciliation.command(database, reconciler, (OpenSearchException,))

    readers = [*consumers(), erasures()]
    receipts = Receipts("search", settings, database, readers, Documents(database))
    return Service(
        "search",
        settings,
        database,
        routers=[router, export.router],
        consumers=readers,
        workers=[
            Worker("indexer", indexer.run, settings.index_interval_ms),
            Worker("unlinked-terms", forget, settings.unlinked_terms_interval_ms, wake_on_commit=False),
            receipts.worker(),
        ],
        state={"search": Search(database, index, settings.query_hash_key)},
        opened=[index.open],
        closed=[index.close],
        pings={"opensearch": index.ping},
        commands={"rebuild": run_rebuild, "rollback": run_rollback, "reconcile": run_reconcile},
    )
