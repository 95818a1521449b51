"""What is answered about notices."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from chassis.http import Answer, Page

from session_service.notices.kinds import KINDS, Mode
from session_service.notices.preferences import Channel, Preferences, QuietHours
from session_service.notices.rendering import LANGUAGES
from session_service.store.notices import KeptNotice


class NoticeAnswer(Answer):
    """A notice in the app, with a title in the reader's language."""

    notice_id: UUID
    kind: str
    title: str
    session_id: UUID | None
    person_id: UUID | None
    made_at: datetime
    read_at: datetime | None

    @classmethod
    def of(cls, notice: KeptNotice, title: str) -> "NoticeAnswer":
        """The notice; `person_id` is the other of the two."""
        names = ("notice_id", "kind", "session_id", "made_at", "read_at")
        return cls(title=title, person_id=notice.other_id, **{name: getattr(notice, name) for name in names})


class NoticePage(Page):
    """Notices, newest first, and how many are unread in all."""

    items: list[NoticeAnswer]
    unread: int


class KindItem(Answer):
    """How a kind goes out unless somebody chose otherwise; without `may_be_off` mail of it cannot be switched off."""

    mode: Mode
    may_be_off: bool


class PreferencesAnswer(Answer):
    """What somebody chose, what there is to choose from, and by which channels they are reached at present."""

    version: int
    language: str | None
    digest_hour: int
    quiet_hours: QuietHours | None
    message_text: bool
    slack_webhook: str | None
    teams_webhook: str | None
    choices: Mapping[str, Mapping[Channel, Mode]]
    time_zone: str
    reached_by: list[Channel]
    languages: tuple[str, ...] = LANGUAGES
    kinds: dict[str, KindItem]

    @classmethod
    def of(cls, version: int, chosen: Preferences, time_zone: str, reached_by: list[Channel]) -> "PreferencesAnswer":
        """The choices in the time zone in which they hold."""
        kinds = {name: KindItem.model_validate(kind) for name, kind in KINDS.items()}
        about = {"version": version, "time_zone": time_zone, "reached_by": reached_by, "kinds": kinds}
        return cls(**about, **dict(chosen))
