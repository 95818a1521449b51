"""The metric catalogue of the session service."""

from prometheus_client import Counter, Gauge

OPEN_REQUESTS = Gauge("flash_open_requests", "Requests that wait for an answer.")
CAPACITY_REFUSALS = Counter(
    "flash_capacity_refusals_total", "Accepts refused because the mentor's month was full; two wanted the last slot."
)
EXPIRED = Counter("flash_requests_expired_total", "Requests that nobody answered in time.")
STREAMS_OPEN = Gauge("flash_streams_open", "Live streams that people have open in this process.")
STREAMS_TOO_SLOW = Counter("flash_streams_too_slow_total", "Streams ended because their reader took too little.")
