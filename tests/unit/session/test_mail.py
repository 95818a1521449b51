"""A mail as it goes over the wire, and what the answers of a server mean for it."""

from uuid import uuid4

import pytest
from aiosmtplib import SMTPConnectResponseError, SMTPDataError, SMTPRecipientRefused, SMTPSenderRefused
from session_service.notices.channels.mail import Letter, message, refusal
from session_service.notices.rendering import Rendered

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
