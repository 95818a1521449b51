"""The metric catalogue of the session service."""

from prometheus_client import Counter, Gauge

OPEN_REQUESTS = Gauge("flash_open_requests", "Requests that wait for an answer.")
CAPACITY_REFUSALS = Counter(
    "flash_capacity_refusals_total", "Accepts refused because the mentor's month was full; two wanted the last slot."
)
EXPIRED = Counter("flash_requests_expired_total", "Requests that nobody answered in time.")
STREAMS_OPEN = Gauge("flash_streams_open", "Live streams that people have open in this process.")
STREAMS_TOO_SLOW = Counter("flash_streams_too_slow_total", "Streams ended because their reader took too little.")

DELIVERIES = Counter(
    "flash_deliveries_total",
    "Messages of notices by what became of them: sent, retry, dropped (overtaken or not wanted), failed, unknown.",
    ["channel", "outcome"],
)
DELIVERIES_IN_TROUBLE = Gauge(
    "flash_deliveries_in_trouble", "Messages that failed, or of which nobody can tell; `deliveries list`.", ["state"]
)
DELIVERY_OLDEST = Gauge("flash_delivery_oldest_seconds", "How long ago the oldest message that waits was first due.")
MAIL_CONFIGURED = Gauge("flash_mail_configured", "1 when there is a mail server; without one no mail is made.")
CALENDARS_READ = Counter(
    "flash_calendars_read_total", "Calendars of people that were read for common slots, and how it went.", ["result"]
)
