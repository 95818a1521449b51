"""What a person chose about notices, and when each may reach them in their own time. Step 3 of the write path; pure."""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from flash_schemas.base import Value
from pydantic import Field, field_validator

from session_service.notices.kinds import KINDS, Kind, Mode

Channel = Literal["mail", "slack", "teams"]
CHANNELS: tuple[Channel, ...] = ("mail", "slack", "teams")


class QuietHours(Value):
    """From when until when nothing is sent, in the person's own time; it may go over midnight."""

    since: time
    until: time

    @field_validator("since", "until")
    @classmethod
    def _by_the_clock(cls, value: time) -> time:
        if value.tzinfo is not None:
            raise ValueError("a time of the day without a zone, such as 22:00")
        return value

    def over_at(self, at: datetime, zone: ZoneInfo) -> datetime:
        """When they are over, if `at` lies in them; else `at` itself."""
        local = at.astimezone(zone)
        over_midnight = self.since > self.until
        late = local.time() >= self.since
        inside = late or local.time() < self.until if over_midnight else late and local.time() < self.until
        if not inside:
            return at
        return next_time(self.until, zone, at)


class Preferences(Value):
    """Everything somebody chose; what is absent is as for anybody. `choices` is by kind and channel."""

    language: str | None = None
    digest_hour: Annotated[int, Field(ge=0, le=23)] = 8
    quiet_hours: QuietHours | None = None
    message_text: bool = False
    slack_webhook: str | None = None
    teams_webhook: str | None = None
    choices: Mapping[str, Mapping[Channel, Mode]] = Field(default_factory=dict)

    def mode(self, kind: Kind, channel: Channel) -> Mode:
        """How a kind goes out by a channel."""
        return self.choices.get(kind.name, {}).get(channel, kind.mode)

    def webhook(self, channel: Channel) -> str | None:
        """Where a chat channel of theirs is."""
        addresses = {"slack": self.slack_webhook, "teams": self.teams_webhook}
        return addresses.get(channel)

    def without(self, kinds: Collection[str]) -> "Preferences":
        """The same with no mail of these kinds."""
        off: dict[Channel, Mode] = {"mail": "off"}
        choices = {**self.choices, **{name: {**self.choices.get(name, {}), **off} for name in kinds}}
        return self.model_copy(update={"choices": choices})


def may_be_off(kinds: Collection[str]) -> bool:
    """Whether all of these kinds are known, and of those that a person may do without."""
    return bool(kinds) and all(name in KINDS and KINDS[name].may_be_off for name in kinds)


def due_at(mode: Mode, preferences: Preferences, zone: ZoneInfo, now: datetime) -> datetime:
    """When something that happened now goes out: at once or with the next digest, but never in quiet hours."""
    at = now if mode == "at_once" else next_time(time(preferences.digest_hour), zone, now)
    return preferences.quiet_hours.over_at(at, zone) if preferences.quiet_hours else at


def next_time(of_day: time, zone: ZoneInfo, after: datetime) -> datetime:
    """The next moment at which clocks there show this time; where they skip it, the moment after the gap."""
    today = after.astimezone(zone).date()
    days: list[date] = [today, today + timedelta(days=1)]
    moments = (
        datetime.combine(day, of_day, zone).replace(fold=fold).astimezone(UTC) for day in days for fold in (0, 1)
    )
    return next(moment for moment in moments if moment > after)


def language_of(preferences: Preferences, spoken: Collection[str], known: Collection[str], default: str) -> str:
    """The language to write to somebody in: their choice, or the first they speak that is known, or the default."""
    wished = (preferences.language, *(each.casefold() for each in spoken))
    return next((each for each in wished if each and each in known), default)


def zone_of(name: str | None, default: str) -> ZoneInfo:
    """The time zone to write to somebody in."""
    return ZoneInfo(name if name in _zones() else default)


@cache
def _zones() -> set[str]:
    return available_timezones()
