"""The local mail sink as the runner starts it, and as the services reach it: no mail leaves this machine."""

import sys
from dataclasses import dataclass

from flash_local.processes import Program, http_answers


@dataclass(frozen=True)
class MailSink:
    """Is reached on `smtp_port`, listens on `listening_port`, and shows what came on `http_port`."""

    smtp_port: int
    listening_port: int
    http_port: int

    @property
    def url(self) -> str:
        """The page with every mail."""
        return f"http://127.0.0.1:{self.http_port}"

    def program(self) -> Program:
        """How to run it."""
        return Program(
            name="mail",
            argv=[sys.executable, "-m", "flash_local.mail_sink"],
            env={"FLASH_MAIL_SMTP_PORT": str(self.listening_port), "FLASH_MAIL_HTTP_PORT": str(self.http_port)},
            ready=http_answers(self.url),
            live=http_answers(self.url),
        )

    def settings(self, public_url: str) -> dict[str, str]:
        """What a service that sends mail needs to know; links in mail lead to `public_url`."""
        return {
            "FLASH_SMTP_HOST": "127.0.0.1",
            "FLASH_SMTP_PORT": str(self.smtp_port),
            "FLASH_SMTP_TLS": "none",
            "FLASH_MAIL_FROM": "Flash Mentoring <noreply@aurora.example>",
            "FLASH_PUBLIC_URL": public_url,
        }
