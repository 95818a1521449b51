"""Mail goes to a server that shows who it is, by name and password, and nothing of it goes without encryption."""

from dataclasses import replace
from pathlib import Path

import pytest
from flash_local.databases import DatabaseUrls

from tests.integration.session.deliveries.conftest import Office, an_office
from tests.support.certificates import Certificate, localhost
from tests.support.mail_server import LOGIN, mail_server

USERNAME, PASSWORD = LOGIN
SAFELY = {"smtp_tls": "starttls", "smtp_username": USERNAME, "smtp_password": PASSWORD}


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certificate:
    """Of the mail server, from an authority that this process trusts."""
    made = localhost(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.authority))
    return made


async def delivered(office: Office) -> list[str]:
    """What became of a mail to a mentor."""
    await office.world.asked(*await office.people())
    await office.deliver()
    return await office.states()


async def reason(office: Office) -> str:
    async with office.world.api.database.connection() as connection:
        found: str = await connection.fetchval("SELECT reason FROM delivery")
    return found


async def delivery_id(office: Office) -> str:
    async with office.world.api.database.connection() as connection:
        return str(await connection.fetchval("SELECT delivery_id FROM delivery"))


async def test_mail_goes_out_encrypted_after_a_login(session_database: DatabaseUrls, certificate: Certificate) -> None:
    async with (
        mail_server(certificate.server, wants_login=True) as mails,
        an_office(session_database, mails, **SAFELY) as office,
    ):
        assert await delivered(office) == ["sent"]
        assert mails.to == ["xiuying@aurora.example"]
        assert mails.in_clear == ["EHLO", "STARTTLS"]


async def test_a_wrong_password_blames_no_mail_and_says_which_settings_to_look_at(
    session_database: DatabaseUrls, certificate: Certificate, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = {**SAFELY, "smtp_password": "of last year"}
    async with (
        mail_server(certificate.server, wants_login=True) as mails,
        an_office(session_database, mails, **wrong) as office,
    ):
        assert await delivered(office) == ["retry"]
        told = capsys.readouterr().out
        assert "see FLASH_SMTP_USERNAME and FLASH_SMTP_PASSWORD" in told
        assert "of last year" not in told
        await office.set("due_at = now()")
        await office.deliver(delivery_attempts=2)
        assert await office.states() == ["failed"]
        assert await reason(office) == "SMTPAuthenticationError 535, see FLASH_SMTP_USERNAME and FLASH_SMTP_PASSWORD"
        assert mails.taken == []
        assert await office.operate("retry", await delivery_id(office)) == 0
        assert office.post.mail
        office.post = replace(office.post, mail=replace(office.post.mail, password=PASSWORD))
        await office.deliver()
        assert await office.states() == ["sent"]


async def test_to_a_server_without_encryption_neither_password_nor_mail_goes_out(
    session_database: DatabaseUrls, certificate: Certificate
) -> None:
    async with mail_server() as mails, an_office(session_database, mails, **SAFELY) as office:
        assert await delivered(office) == ["retry"]
        assert mails.in_clear == ["EHLO"]
        assert "STARTTLS extension not supported" in await reason(office)


async def test_to_a_server_that_is_another_neither_password_nor_mail_goes_out(
    session_database: DatabaseUrls, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    async with (
        mail_server(certificate.server, wants_login=True) as mails,
        an_office(session_database, mails, **SAFELY) as office,
    ):
        assert await delivered(office) == ["retry"]
        assert mails.in_clear == ["EHLO", "STARTTLS"]
        assert "CERTIFICATE_VERIFY_FAILED" in await reason(office)


async def test_a_server_that_wants_a_login_is_waited_for_until_there_is_one(
    session_database: DatabaseUrls, certificate: Certificate
) -> None:
    async with (
        mail_server(certificate.server, wants_login=True) as mails,
        an_office(session_database, mails, smtp_tls="starttls") as office,
    ):
        assert await delivered(office) == ["retry"]
        assert "FLASH_SMTP_USERNAME if a login is wanted" in await reason(office)
