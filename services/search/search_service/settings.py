"""The search service's own limits."""

from chassis.settings import Settings as ChassisSettings


class Settings(ChassisSettings):
    """Limits beside those of the chassis.

    Without `query_hash_key`, searches are recorded without a hash, and terms that mean no skill are not kept.
    """

    opensearch_url: str
    index_batch_documents: int = 500
    index_interval_ms: int = 200
    index_timeout_ms: int = 10_000
    search_timeout_ms: int = 3_000
    query_hash_key: str = ""
    unlinked_terms_keep_days: int = 90
    unlinked_terms_interval_ms: int = 60_000
