"""How one consumer stands with Kafka, read from aiokafka: member of its group, joining it, or with a task that ended.

aiokafka says none of this in public (aio-libs/aiokafka#1154): a consumer that never gets back into its group, or whose
fetching ended, looks like one that has nothing to do.
"""

from typing import Any

from aiokafka import AIOKafkaConsumer

from chassis.progress import Progress

REBALANCE_TIMEOUT_MS = 20_000
"""How long the group waits for a member that does not join again. It joins between two awaits, not two batches."""
JOIN_LIMIT_S = REBALANCE_TIMEOUT_MS / 1000 + 5


class Membership:
    """Looks at a consumer each time it is asked."""

    def __init__(self) -> None:
        self._joining = Progress()

    def joining_s(self, consumer: AIOKafkaConsumer | None) -> float:
        """Seconds since it wanted to join its group; 0 for a member."""
        if consumer is None or _wants_to_join(consumer):
            self._joining.began()
        else:
            self._joining.rested()
        return self._joining.stalled_s()


def ended_task(consumer: AIOKafkaConsumer) -> str | None:
    """The work of a task that has ended although the consumer runs."""
    tasks: dict[str, Any] = {
        "fetching": consumer._fetcher and consumer._fetcher._fetch_task,
        "keeping to the group": consumer._coordinator and consumer._coordinator._coordination_task,
        "following the cluster": consumer._client._sync_task,
    }
    return next((name for name, task in tasks.items() if task and task.done()), None)


def unpolled_s(consumer: AIOKafkaConsumer) -> float:
    """Seconds since the consumer was last asked for records."""
    return float(consumer._subscription.fetcher_idle_time)


def _wants_to_join(consumer: AIOKafkaConsumer) -> bool:
    coordinator = consumer._coordinator
    if coordinator is None or coordinator.coordinator_id is None:
        return True
    return bool(coordinator.need_rejoin(consumer._subscription.subscription))
