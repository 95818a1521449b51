"""How the analytics service is put together."""

from collections.abc import Sequence

from chassis import reconciliation
from chassis.database import Database
from chassis.erasing import Receipts
from chassis.runtime import Service
from chassis.worker import Worker

from analytics_service import export
from analytics_service.api import router
from analytics_service.consumers import consumers
from analytics_service.erasure import erasures
from analytics_service.gauges import Gauges
from analytics_service.reconcile import Reconciler
from analytics_service.replaying import replay
from analytics_service.rollup import recompute
from analytics_service.settings import Settings
from analytics_service.store import Compared

ROW = "{:<8} {:<26} {:>12} {:>12} {:>10}"


def build(settings: Settings) -> Service:
    """Consumers that keep facts and rollups, workers that keep the gauges and confirm erasures, and the API."""
    database = Database(settings)

    async def run_recompute(_service: Service, _arguments: Sequence[str]) -> int:
        compared = await recompute(database, settings.recompute_chunk_facts)
        print(_table(compared))  # noqa: T201 - a command's answer
        return 1 if any(row.differing for row in compared) else 0

    run_reconcile = reconciliation.command(database, Reconciler(database, settings))

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


def _table(compared: list[Compared]) -> str:
    differing = sum(row.differing for row in compared)
    lines = [ROW.format("rollup", "measure", "rolled up", "recomputed", "differing")]
    lines += [ROW.format(row.rollup, row.measure, row.kept, row.recomputed, row.differing) for row in compared]
    verdict = f"{differing} rows differed and were replaced." if differing else "Rollups equal the facts."
    return "\n".join([*lines, verdict])
