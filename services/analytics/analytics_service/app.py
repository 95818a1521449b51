"""How the analytics service is put together."""

from chassis import reconciliation
from chassis.database import Database
from chassis.erasing import Receipts
from chassis.runtime import Service
from chassis.worker import Worker

from analytics_service import export, recomputing
from analytics_service.api import router
from analytics_service.consumers import consumers
from analytics_service.erasure import erasures
from analytics_service.gauges import Gauges
from analytics_service.reconcile import Reconciler
from analytics_service.replaying import replay
from analytics_service.settings import Settings


def build(settings: Settings) -> Service:
    """Consumers that keep facts and rollups, workers that keep the gauges and confirm erasures, and the API."""
    database = Database(settings)
    run_reconcile = reconciliation.command(database, Reconciler(database, settings))
    run_recompute = recomputing.command(database, settings.recompute_chunk_facts)
    readers = [*consumers(), erasures()]
    return Service(
        "analytics",
        settings,
        database,
        routers=[router, export.router],
        consumers=readers,
        workers=[
            Worker("gauges", Gauges(database).refresh, settings.gauges_interval_ms, wake_on_commit=False),
            Receipts("analytics", settings, database, readers).worker(),
        ],
        commands={"recompute": run_recompute, "replay": replay, "reconcile": run_reconcile},
    )
