"""The thread that ties one request to everything it causes: W3C trace context, carried across the outbox.

The HTTP layer starts or continues a trace, the outbox stores it with each event, the consumer takes it up.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

_TRACEPARENT = re.compile(r"^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$")


@dataclass(frozen=True, slots=True)
class Trace:
    """A trace id (32 hex digits) and what caused the work at hand: a request id or an event id."""

    trace_id: str
    causation_id: str | None = None

    @property
    def traceparent(self) -> str:
        """A W3C traceparent of this trace with a fresh span id."""
        return f"00-{self.trace_id}-{secrets.token_hex(8)}-01"


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


def current() -> Trace:
    """The trace of the work at hand; a new one where nobody began one (a timer, a command line)."""
    return _current.get() or Trace(secrets.token_hex(16))


def current_id() -> str | None:
    """The id of the trace at hand, or None outside of any."""
    trace = _current.get()
    return trace.trace_id if trace else None


def trace_id_of(traceparent: str | None) -> str | None:
    """The trace id in a traceparent, or None when it is absent or not well-formed."""
    match = _TRACEPARENT.match(traceparent or "")
    return match.group(1) if match else None


@contextmanager
def continued(traceparent: str | None, causation_id: str | None = None) -> Iterator[Trace]:
    """Work inside belongs to the given trace, or to a new one when none came."""
    trace = Trace(trace_id_of(traceparent) or secrets.token_hex(16), causation_id)
    token = _current.set(trace)
    try:
        yield trace
    finally:
        _current.reset(token)
