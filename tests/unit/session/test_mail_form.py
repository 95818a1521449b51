"""A mail as it goes over the wire, which servers and mail programs read by its bytes."""

from uuid import uuid4

from session_service.notices.channels.mail import Letter, message
from session_service.notices.rendering import Rendered

RENDERED = Rendered("Subject", "Text", "<p>Page</p>")


def test_a_mail_program_finds_the_link_that_unsubscribes_as_it_is_however_long() -> None:
    link = f"https://flash.example/api/v1/notices/unsubscribe/{'abcDEF-_0.' * 40}"
    made = message(Letter(uuid4(), "a@b.example", None, RENDERED, link), "Flash Mentoring <noreply@aurora.example>")
    assert f"List-Unsubscribe: <{link}>".encode() in made.as_bytes().splitlines()
