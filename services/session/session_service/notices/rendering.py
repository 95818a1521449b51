"""A notice as its reader sees it: a title in the app, a text and a page by mail, a few lines in a chat.

Every language is a folder of `templates/` with one file a kind. Texts are written once, as paragraphs: the page is made
of the same block with what it shows escaped.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

TEMPLATES = Path(__file__).parent / "templates"
LANGUAGES = tuple(sorted(folder.name for folder in TEMPLATES.iterdir() if folder.is_dir()))


@dataclass(frozen=True, slots=True)
class View:
    """What a template may say of one notice; `text` is what somebody wrote, for whoever chose to get it."""

    kind: str
    session_id: UUID | None
    other: str | None = None
    minutes: int | None = None
    expires_at: datetime | None = None
    starts_at: datetime | None = None
    text: str | None = None
    buttons: Sequence[tuple[str, str]] = ()
    """Labels and addresses of answers that take one tap."""


@dataclass(frozen=True, slots=True)
class Reader:
    """In which language and whose time it is written."""

    language: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Rendered:
    """One message, ready to go out."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Renderer:
    """Makes messages; `public_url` is where people open the platform."""

    public_url: str
    _text: Environment = field(default_factory=lambda: _environment(autoescape=False))
    _html: Environment = field(default_factory=lambda: _environment(autoescape=True))

    def title(self, view: View, reader: Reader) -> str:
        """One line."""
        return _line(self._block(self._text, view.kind, "subject", self._values(view, reader)))

    def message(self, views: Sequence[View], reader: Reader, unsubscribe_link: str | None) -> Rendered:
        """Text and page of one notice, or of several as a digest."""
        values: dict[str, Any] = {"language": reader.language, "zone": reader.zone, "count": len(views)}
        several = len(views) > 1
        subject = (
            _line(self._block(self._text, "digest", "subject", values)) if several else self.title(views[0], reader)
        )
        intro = self._block(self._text, "digest", "body", values) if several else ""
        values |= {
            "subject": subject,
            "intro": intro,
            "sections": [self._section(view, reader, titled=several) for view in views],
            "preferences_link": f"{self.public_url}/me/notice-preferences",
            "unsubscribe_link": unsubscribe_link,
        }
        text = self._text.get_template(f"{reader.language}/layout.txt.j2").render(values)
        return Rendered(subject, text, self._html.get_template(f"{reader.language}/layout.html.j2").render(values))

    def unsubscribe_page(self, language: str, *, done: bool) -> str:
        """What somebody sees who wants no more mail of a kind, before and after they said so."""
        return self._html.get_template(f"{language}/unsubscribe.html.j2").render(done=done)

    def action(self, action: str, language: str) -> str:
        """What a button says that takes an answer."""
        labels: Mapping[str, str] = self._words(language).actions
        return labels[action]

    def one_tap_page(self, language: str, action: str, state: str) -> str:
        """What somebody sees who followed a button of a mail: `open` until they press it, then `done` or `over`."""
        template = self._html.get_template(f"{language}/one_tap.html.j2")
        return template.render(action=action, label=self.action(action, language), state=state)

    def _words(self, language: str) -> Any:
        return self._text.get_template(f"{language}/words.j2").module

    def _section(self, view: View, reader: Reader, *, titled: bool) -> dict[str, Any]:
        values = self._values(view, reader)
        body = self._block(self._text, view.kind, "body", values)
        return {
            "title": self.title(view, reader) if titled else None,
            "body": body,
            "paragraphs": [part.strip() for part in body.split("\n\n") if part.strip()],
            "buttons": view.buttons,
            "link": f"{self.public_url}/sessions/{view.session_id}" if view.session_id else f"{self.public_url}/me",
        }

    def _values(self, view: View, reader: Reader) -> dict[str, Any]:
        words = self._words(reader.language)
        values = {name: getattr(view, name) for name in ("minutes", "expires_at", "starts_at", "text")}
        told = {"other": view.other or words.somebody, "moment": words.moment}
        return {**values, **told, "language": reader.language, "zone": reader.zone}

    def _block(self, environment: Environment, kind: str, name: str, values: Mapping[str, Any]) -> str:
        template = environment.get_template(f"{values['language']}/{kind}.j2")
        return "".join(template.blocks[name](template.new_context(dict(values)))).strip()


def _environment(*, autoescape: bool) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=autoescape,  # noqa: S701 - off for plain text only
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["when"] = _when
    return environment


@pass_context
def _when(context: Context, at: datetime) -> str:
    """A moment as its reader says it, in their time."""
    return format_datetime(at, context["moment"], tzinfo=context["zone"], locale=context["language"])


def _line(text: str) -> str:
    return " ".join(text.split())
