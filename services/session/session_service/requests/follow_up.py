"""Step 1 of the write path: what follows a session."""

from typing import Annotated

from chassis.http import Strict
from pydantic import Field

from session_service.model import Helped


class SurveyBody(Strict):
    """Two taps, and how much time it saved."""

    helped: Helped
    rating: Annotated[int, Field(ge=1, le=5)]
    minutes_saved: Annotated[int, Field(ge=0, le=10_000)] | None = None


class WishBody(Strict):
    """Whether to meet again; nobody else ever sees it."""

    wish: bool
