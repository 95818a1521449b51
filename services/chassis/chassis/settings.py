"""Every limit and address of a process, read from the environment (prefix FLASH_) once, at start."""

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What each service needs; a service adds its own limits in a subclass. Raises ValidationError by name."""

    model_config = SettingsConfigDict(env_prefix="FLASH_", frozen=True, extra="ignore")

    database_url: str
    database_owner_url: str | None = None
    kafka_bootstrap: str
    topic_prefix: str = ""
    jwt_issuer: str
    jwt_audience: str = "flash-mentoring"
    jwks_url: str
    http_host: str = "127.0.0.1"
    http_port: int = 8000
    log_level: str = "INFO"
    failpoints: str = ""

    database_pool_size: int = 10
    database_connect_timeout_ms: int = 10_000
    database_acquire_timeout_ms: int = 10_000
    database_command_timeout_ms: int = 20_000
    statement_timeout_ms: int = 15_000
    lock_timeout_ms: int = 10_000
    idle_in_transaction_timeout_ms: int = 30_000

    relay_poll_interval_ms: int = 25
    relay_window_records: int = 2_000
    publish_timeout_ms: int = 15_000

    consumer_batch_records: int = 500
    consumer_poll_timeout_ms: int = 20
    consumer_session_timeout_ms: int = 10_000
    position_check_interval_ms: int = 5_000
    retry_backoff_min_ms: int = 100
    retry_backoff_max_ms: int = 5_000
    dead_letters_consecutive_limit: int = 50
    dead_letters_window_records: int = 10_000
    dead_letters_window_limit: int = 100
    stalled_after_ms: int = 10_000
    restart_after_ms: int = 30_000

    erasure_interval_ms: int = 1_000
    idempotency_keep_hours: int = 24
    jwks_ttl_s: int = 300
    stop_timeout_s: int = 20
