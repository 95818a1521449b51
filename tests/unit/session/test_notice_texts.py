"""Every kind of notice is written in every language, as text and as a page, and says nothing that it should not."""

from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from session_service.notices.kinds import KINDS
from session_service.notices.rendering import LANGUAGES, TEMPLATES, Reader, Renderer, View

AT = datetime(2026, 11, 26, 8, tzinfo=UTC)
WORDS = "Hello, would you have time?"
VIEW = View(
    kind="asked", session_id=UUID(int=7), other="Amara Okafor", minutes=30, expires_at=AT, starts_at=AT, text=WORDS
)
RENDERER = Renderer("https://flash.example")
UNSUBSCRIBE = "https://flash.example/stop"


class Page(HTMLParser):
    """A page as its reader sees it, and the tags that it is made of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - as the base has it
        self.tags.append(tag)
        if tag not in ("meta", "br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def reader(language: str) -> Reader:
    return Reader(language, ZoneInfo("Asia/Shanghai"))


def test_each_language_has_the_same_files() -> None:
    assert {"de", "en"} <= set(LANGUAGES)
    files = [{file.name for file in (TEMPLATES / language).iterdir()} for language in LANGUAGES]
    assert all(each == files[0] for each in files)
    assert {f"{kind}.j2" for kind in KINDS} <= files[0]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_whole_in_every_language(kind: str, language: str) -> None:
    message = RENDERER.message([replace(VIEW, kind=kind, text=None)], reader(language), UNSUBSCRIBE)
    assert message.subject == RENDERER.title(replace(VIEW, kind=kind), reader(language))
    assert len(message.subject.splitlines()) == 1
    for text in (message.text, message.html):
        assert all(link in text for link in ("https://flash.example/sessions/", "notice-preferences", UNSUBSCRIBE))
        assert not any(sign in text for sign in ("{{", "{%", "None", "Undefined"))
    page = Page(message.html)
    assert not page.open
    assert f'lang="{language}"' in message.html


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_words_of_another_are_there_only_when_they_may_be(kind: str, language: str) -> None:
    without = RENDERER.message([replace(VIEW, kind=kind, text=None)], reader(language), None)
    given = RENDERER.message([replace(VIEW, kind=kind)], reader(language), None)
    assert WORDS not in without.text + without.html + without.subject + given.subject
    assert (WORDS in given.text) is (kind in ("asked", "message_waiting"))


def test_somebody_who_is_not_known_any_more_has_a_word_for_them() -> None:
    view = replace(VIEW, kind="accepted", other=None)
    assert RENDERER.title(view, reader("en")) == "A colleague said yes"
    assert RENDERER.title(view, reader("de")) == "Jemand aus dem Kollegium hat zugesagt"


def test_moments_are_those_of_the_readers_clock_and_language() -> None:
    view = replace(VIEW, kind="scheduled")
    assert "Thursday, 26 November 2026, 16:00" in RENDERER.title(view, reader("en"))
    assert "Donnerstag, 26. November 2026, 16:00" in RENDERER.title(view, reader("de"))
    berlin = Reader("de", ZoneInfo("Europe/Berlin"))
    assert "09:00 (MEZ)" in RENDERER.title(view, berlin)


def test_a_name_or_a_word_never_becomes_a_part_of_the_page() -> None:
    mean = replace(VIEW, other="<img src=x>\r\nBcc: a@b.c", text="<script>alert(1)</script>\n\n</p><a href=x>")
    message = RENDERER.message([mean], reader("en"), None)
    page = Page(message.html)
    assert not {"img", "script"} & set(page.tags)
    assert page.tags.count("a") == 2, "to the request and to the preferences"
    assert len(message.subject.splitlines()) == 1


def test_several_are_a_digest_with_each_of_them_under_its_title() -> None:
    views = [VIEW, replace(VIEW, kind="survey", session_id=UUID(int=8))]
    message = RENDERER.message(views, reader("en"), None)
    assert message.subject == "2 notices for you"
    for text in (message.text, message.html):
        for view in views:
            assert RENDERER.title(view, reader("en")) in text
            assert f"/sessions/{view.session_id}" in text


def test_answers_that_take_one_tap_are_links_of_their_own() -> None:
    view = replace(VIEW, buttons=(("Yes", "https://flash.example/yes"), ("No", "https://flash.example/no")))
    message = RENDERER.message([view], reader("en"), None)
    assert "Yes: https://flash.example/yes" in message.text
    assert 'href="https://flash.example/no"' in message.html
