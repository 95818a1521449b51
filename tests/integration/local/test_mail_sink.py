"""The local mail sink takes what a mail program sends, and shows it as it was, without running anything of it."""

from collections.abc import AsyncIterator
from email.message import EmailMessage

import aiosmtplib
import pytest
from flash_local import loopback
from flash_local.installation import Installation
from flash_local.mail import MailSink
from flash_local.processes import free_port


@pytest.fixture
async def sink(here: Installation) -> AsyncIterator[MailSink]:
    smtp_port = free_port()
    sink = MailSink(smtp_port, smtp_port, free_port())
    await here.supervisor.start(sink.program())
    yield sink
    await here.supervisor.stop()


async def test_a_mail_is_listed_shown_and_given_to_programs(sink: MailSink) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"] = "noreply@aurora.example", "p1@aurora.example"
    mail["Subject"] = "Ümlaut & <b>"
    mail.set_content("Plain text")
    mail.add_alternative("<p>A page<script>alert(1)</script></p>", subtype="html")
    await aiosmtplib.send(mail, hostname="127.0.0.1", port=sink.smtp_port)
    async with loopback.client(sink.url) as client:
        listed = (await client.get("/")).text
        assert "Ümlaut &amp; &lt;b&gt;" in listed
        shown = (await client.get("/mails/1")).text
        assert "Plain text" in shown
        assert "<script>" not in shown
        assert "sandbox srcdoc" in shown
        (given,) = (await client.get("/mails.json?to=p1@aurora.example")).json()
        assert (given["subject"], given["to"]) == ("Ümlaut & <b>", "p1@aurora.example")
        assert (await client.get("/mails.json?to=nobody")).json() == []
        assert (await client.get("/mails/2")).status_code == 404
        assert (await client.get("/etc/passwd")).status_code == 404
