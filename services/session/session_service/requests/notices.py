"""Step 1 of the write path: what people say about notices to them."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from chassis.http import Strict
from pydantic import Field, field_validator

from session_service.notices.kinds import KINDS, Mode
from session_service.notices.preferences import Channel, Preferences, QuietHours
from session_service.notices.rendering import LANGUAGES

Webhook = Annotated[str | None, Field(max_length=1_000)]


class ReadBody(Strict):
    """Which notices were read; null is all of them."""

    notice_ids: Annotated[list[UUID], Field(max_length=500)] | None = None


class PreferencesBody(Strict):
    """What reaches somebody, how and when, whole: what is absent is as for anybody.

    `choices` is by kind and channel. `message_text` lets the words of others travel by mail and chat.
    """

    language: str | None = None
    digest_hour: Annotated[int, Field(ge=0, le=23)] = 8
    quiet_hours: QuietHours | None = None
    message_text: bool = False
    slack_webhook: Webhook = None
    teams_webhook: Webhook = None
    choices: dict[str, dict[Channel, Mode]] = Field(default_factory=dict)

    @field_validator("language")
    @classmethod
    def _known_language(cls, language: str | None) -> str | None:
        if language is not None and language not in LANGUAGES:
            raise ValueError(f"one of {', '.join(LANGUAGES)}")
        return language

    @field_validator("choices")
    @classmethod
    def _known_kinds(cls, choices: Mapping[str, Mapping[Channel, Mode]]) -> Mapping[str, Mapping[Channel, Mode]]:
        for name, modes in choices.items():
            if name not in KINDS:
                raise ValueError(f"{name} is not one of {', '.join(KINDS)}")
            if modes.get("mail") == "off" and not KINDS[name].may_be_off:
                raise ValueError(f"others wait for your answer to this: mail of {name} cannot be switched off")
        return choices

    @property
    def preferences(self) -> Preferences:
        """The same as the rules take it."""
        return Preferences(**dict(self))
