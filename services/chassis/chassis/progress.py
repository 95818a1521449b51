"""Whether a component gets on: what each tells the watchdog about itself, measured in one way."""

import time


class Progress:
    """How long a component has been at something without getting on. One that rests has nothing to do, and is well."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._parts = self._most_parts = 0

    def began(self) -> None:
        """It is at something; if it already was, it still is."""
        self._since = time.monotonic() if self._since is None else self._since

    def got_on(self) -> None:
        """A part of it is done, and it goes on with the next. What was done before a failure, too, does not count."""
        self._parts += 1
        if self._parts > self._most_parts:
            self._since, self._most_parts = time.monotonic(), self._parts

    def failed(self) -> None:
        """It did not come to an end, and begins again."""
        self._parts = 0

    def rested(self) -> None:
        """All of it is done."""
        self._since, self._parts, self._most_parts = None, 0, 0

    def stalled_s(self) -> float:
        """Seconds since it last got on; 0 while it rests."""
        return 0.0 if self._since is None else time.monotonic() - self._since
