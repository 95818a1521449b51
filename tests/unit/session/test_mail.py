"""A mail as it goes over the wire, and what the answers of a server mean for it."""

from uuid import uuid4

import pytest
from aiosmtplib import SMTPConnectResponseError, SMTPDataError, SMTPRecipientRefused, SMTPSenderRefused
from pydantic import ValidationError
from session_service.notices.channels.mail import Letter, message, refusal
from session_service.notices.rendering import Rendered
from session_service.settings import Settings

from tests.support.apis import offline_settings

RENDERED = Rendered("Subject", "Text", "<p>Page</p>")


def test_a_mail_program_finds_the_link_that_unsubscribes_as_it_is_however_long() -> None:
    link = f"https://flash.example/api/v1/notices/unsubscribe/{'abcDEF-_0.' * 40}"
    made = message(Letter(uuid4(), "a@b.example", None, RENDERED, link), "Flash Mentoring <noreply@aurora.example>")
    assert f"List-Unsubscribe: <{link}>".encode() in made.as_bytes().splitlines()


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (SMTPRecipientRefused(550, "no such mailbox", "a@b.example"), "impossible"),
        (SMTPRecipientRefused(450, "later", "a@b.example"), "refused"),
        (SMTPDataError(554, "we do not want this"), "impossible"),
        (SMTPConnectResponseError(554, "we do not know you"), "refused"),
        (SMTPSenderRefused(550, "you may not write as a@b.example", "a@b.example"), "refused"),
    ],
)
def test_only_a_recipient_or_a_letter_is_refused_for_good_and_no_address_is_in_the_reason(
    error: Exception, what: str
) -> None:
    assert refusal(error).what == what
    assert "@" not in refusal(error).reason


def test_a_password_is_not_taken_for_a_server_that_would_be_told_it_in_clear_text() -> None:
    settings = {**offline_settings("postgresql://x"), "smtp_username": "flash", "smtp_password": "secret"}
    with pytest.raises(ValidationError, match="smtp_password") as refused:
        Settings(**settings, smtp_tls="none")
    assert refused.value.errors()[0]["loc"] == ("smtp_password",)
    assert "secret" not in repr(Settings(**settings, smtp_tls="starttls"))
