"""JSON lines on standard output, each with the service, the trace and a stable event name; never personal text."""

import logging
import os
import sys
import time
import traceback
from datetime import UTC, datetime
from math import inf
from typing import Any

import orjson
import structlog

from chassis import trace

Logger = structlog.stdlib.BoundLogger
REPEATED_AFTER_S = 10


class Seldom(logging.Filter):
    """Lets each complaint of a library through once in ten seconds, with how often it was made since.

    While a broker is away, aiokafka complains some hundred times a second, which costs more than what it tries.
    """

    def __init__(self, library: str) -> None:
        super().__init__(library)
        self._said: dict[tuple[str, int], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this is let through; what others than the library say always is."""
        if not super().filter(record):
            return True
        place, now = (record.pathname, record.lineno), time.monotonic()
        said_at, left_out = self._said.get(place, (-inf, 0))
        if now - said_at < REPEATED_AFTER_S:
            self._said[place] = said_at, left_out + 1
            return False
        self._said[place] = now, 0
        if left_out:
            record.msg, record.args = f"{record.getMessage()} (and {left_out} times since the last such line)", None
        return True


def configure(service: str, level: str) -> None:
    """Send every log record of the process, ours and the libraries', through one JSON formatter."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.ExceptionRenderer(_without_text),
            structlog.processors.JSONRenderer(serializer=_to_json),
        ],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    handler.addFilter(Seldom("aiokafka"))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for chatty in ("aiokafka", "faststream", "uvicorn.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    structlog.contextvars.bind_contextvars(service=service)


def get(name: str) -> Logger:
    """A logger for one module; its first argument is an event name in the past tense, the rest are fields."""
    logger: Logger = structlog.stdlib.get_logger(name)
    return logger


def write_past_everything(service: str, event: str, **fields: object) -> None:
    """An error, said by a thread while the rest of the process may stand still, with any lock of logging held."""
    line = {"event": event, "service": service, "level": "error", "timestamp": datetime.now(UTC).isoformat(), **fields}
    os.write(sys.stdout.fileno(), orjson.dumps(line) + b"\n")


def _add_trace(_logger: Any, _method: str, line: structlog.types.EventDict) -> structlog.types.EventDict:
    if "trace_id" not in line and (trace_id := trace.current_id()):
        line["trace_id"] = trace_id
    return line


def _without_text(exc_info: structlog.typing.ExcInfo) -> list[dict[str, Any]]:
    """Types and places of an exception and its causes. Messages are left out: they quote what people wrote."""
    chain: list[dict[str, Any]] = []
    cause: BaseException | None = exc_info[1]
    while cause is not None and len(chain) < 5:
        frames = [
            f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(cause.__traceback__)
        ]
        chain.append({"type": type(cause).__qualname__, "sqlstate": getattr(cause, "sqlstate", None), "frames": frames})
        cause = cause.__cause__ or cause.__context__
    return chain


def _to_json(line: dict[str, Any], **_options: Any) -> str:
    return orjson.dumps(line, default=str).decode()
