"""The metric catalogue of the search service."""

from chassis.metrics import SECONDS
from prometheus_client import Counter, Gauge, Histogram

BEHIND_DOCUMENTS = Gauge("flash_index_behind_documents", "People whose newest state is not in the index yet.")
BEHIND_SECONDS = Gauge("flash_index_behind_seconds", "Age of the oldest change that is not in the index yet.")
DOCUMENTS = Counter(
    "flash_index_documents_total",
    "Documents sent by outcome: indexed, stale (the index had it already), parked (refused), retried.",
    ["outcome"],
)
SEARCH_SECONDS = Histogram("flash_search_seconds", "Time OpenSearch took to answer a search.", buckets=SECONDS)
SEARCHES = Counter("flash_searches_total", "Searches by outcome: hits, none, refused.", ["outcome"])
