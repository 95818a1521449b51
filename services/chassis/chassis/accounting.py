"""What a handled batch leaves in the metrics and the log: outcomes, ages, and the ids by trace."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from chassis import logs, metrics
from chassis.consumer import Delivery, Item
from chassis.trace import trace_id_of

log = logs.get(__name__)

LOGGED_EVENT_IDS = 20


def account(
    service: str, consumer: str, items: Sequence[Item], *, read: Collection[str], waiting: Collection[str]
) -> None:
    """Count these items, done or parked, of the topics `read`; those `waiting` hold more, and lag by their age."""
    now = datetime.now(UTC)
    by_trace: dict[str | None, list[str]] = {}
    newest: dict[str, float] = {}
    for item in items:
        outcome = "done" if isinstance(item, Delivery) else "parked"
        metrics.CONSUMER_EVENTS.labels(service, consumer, item.origin.topic, outcome).inc()
        if isinstance(item, Delivery):
            age_s = max(0.0, (now - item.envelope.time).total_seconds())
            metrics.EVENT_AGE.labels(service, consumer).observe(age_s)
            newest[item.origin.topic] = age_s
            by_trace.setdefault(trace_id_of(item.envelope.traceparent), []).append(str(item.envelope.event_id))
    for topic in read:
        if topic not in waiting:
            metrics.CONSUMER_LAG.labels(service, consumer, topic).set(0)
        elif topic in newest:
            metrics.CONSUMER_LAG.labels(service, consumer, topic).set(newest[topic])
    for trace_id, ids in by_trace.items():
        log.info(
            "events_handled",
            consumer=consumer,
            trace_id=trace_id,
            events=len(ids),
            event_ids=ids[:LOGGED_EVENT_IDS],
        )
