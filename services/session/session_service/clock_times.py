"""Beside both paths: what clocks show somewhere, in bodies and answers: without an offset, and described so."""

from datetime import datetime, time
from typing import Annotated

from pydantic import WithJsonSchema

LocalTime = Annotated[time, WithJsonSchema({"type": "string", "format": "time-local"})]
LocalDateTime = Annotated[datetime, WithJsonSchema({"type": "string", "format": "date-time-local"})]
