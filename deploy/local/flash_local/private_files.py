"""Files that nobody ever reads half-written: what a start keeps for the next, and secrets, for their owner alone."""

import base64
import os
import secrets
from pathlib import Path

SECRET_BYTES = 32


def kept_secret(file: Path) -> str:
    """The secret in this file, in URL-safe base64; made when there is none yet."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(file, base64.urlsafe_b64encode(secrets.token_bytes(SECRET_BYTES)).decode())
    return file.read_text(encoding="utf-8")


def write_private(file: Path, text: str) -> None:
    """Whole or not at all, readable by its owner only."""
    write_whole(file, text, mode=0o600)


def write_whole(file: Path, text: str, mode: int = 0o666) -> None:
    """Whole or not at all, readable as usual."""
    scratch = file.with_name(f"{file.name}.{os.getpid()}.new")
    scratch.touch(mode=mode)
    scratch.write_text(text, encoding="utf-8")
    scratch.rename(file)
