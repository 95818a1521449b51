"""The metric catalogue of the chassis: every name, its labels, and what it says when it moves."""

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

HTTP_REQUESTS = Counter(
    "flash_http_requests_total",
    "Answered requests, by route template.",
    ["service", "route", "method", "status"],
)
HTTP_SECONDS = Histogram(
    "flash_http_request_seconds", "Time to answer a request.", ["service", "route", "method"], buckets=SECONDS
)

OUTBOX_OLDEST = Gauge(
    "flash_outbox_oldest_seconds",
    "Age of the oldest unpublished event; rises when nothing gets out.",
    ["service"],
)
OUTBOX_PUBLISHED = Counter("flash_outbox_published_total", "Events that Kafka acknowledged.", ["service", "topic"])
RELAY_LEADER = Gauge("flash_relay_leader", "1 in the one process that publishes this outbox.", ["service"])
RELAY_ERRORS = Counter("flash_relay_errors_total", "Failed attempts to publish; each is retried.", ["service"])

CONSUMER_EVENTS = Counter(
    "flash_consumer_events_total",
    "Consumed records by outcome: done, parked. What is about somebody forgotten and cannot be read is neither.",
    ["service", "consumer", "topic", "outcome"],
)
CONSUMER_LAG = Gauge(
    "flash_consumer_lag_seconds",
    "Age of the newest handled event while more are waiting; 0 when caught up.",
    ["service", "consumer", "topic"],
)
CONSUMER_RETRIES = Counter(
    "flash_consumer_retries_total",
    "Batches put back because something did not answer, and polls that failed.",
    ["service", "consumer"],
)
CONSUMER_BATCH = Histogram(
    "flash_consumer_batch_seconds",
    "Time to handle a batch, commit included.",
    ["service", "consumer"],
    buckets=SECONDS,
)
CONSUMER_STOPPED = Gauge(
    "flash_consumer_stopped", "1 when too many dead letters made the consumer stop.", ["service", "consumer"]
)
CONSUMER_RESETS = Counter(
    "flash_consumer_offset_resets_total",
    "The stored position lay outside the topic: retention passed it, or the topic was made anew.",
    ["service", "consumer", "topic"],
)
DEAD_LETTERS = Counter(
    "flash_dead_letters_total",
    "Records set aside with their reason.",
    ["service", "consumer", "topic", "reason"],
)
DEAD_LETTERS_WAITING = Gauge(
    "flash_dead_letters_waiting",
    "Records set aside that nobody has replayed or dropped yet, as each process counts them once a minute.",
    ["service", "consumer", "topic"],
)
EVENT_AGE = Histogram(
    "flash_event_age_seconds", "From the fact to its effect here.", ["service", "consumer"], buckets=SECONDS
)
COMPONENT_UP = Gauge(
    "flash_component_up",
    "1 while the component does its work, 0 when it is unhealthy.",
    ["service", "component"],
)

RECONCILED = Gauge(
    "flash_reconciled_timestamp_seconds",
    "When source and projection were compared last; no series before the first time.",
    ["service", "what"],
)
RECONCILE_DIFFERENCES = Gauge(
    "flash_reconcile_differences",
    "How many differences the last comparison found, repaired or not.",
    ["service", "what"],
)
