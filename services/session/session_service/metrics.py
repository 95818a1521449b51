"""The metric catalogue of the session service."""

from prometheus_client import Counter, Gauge

OPEN_REQUESTS = Gauge("flash_open_requests", "Requests that wait for an answer.")
CAPACITY_REFUSALS = Counter(
    "flash_capacity_refusals_total", "Accepts refused because the mentor's month was full; two wanted the last slot."
)
EXPIRED = Counter("flash_requests_expired_total", "Requests that nobody answered in time.")
CALENDARS_READ = Counter(
    "flash_calendars_read_total", "Calendars of people that were read for common slots, and how it went.", ["result"]
)
