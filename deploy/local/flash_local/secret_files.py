"""Files that hold secrets of this installation: made here, readable by their owner only, and in no repository."""

import os
import secrets
from pathlib import Path


def write_private(file: Path, text: str) -> None:
    """Whole or not at all, readable by its owner only."""
    scratch = file.with_name(f"{file.name}.{os.getpid()}.new")
    scratch.touch(mode=0o600)
    scratch.write_text(text, encoding="utf-8")
    scratch.rename(file)


def kept_secret(file: Path) -> str:
    """What the file holds: a random secret, made by the first who asks and the same at every start."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(file, secrets.token_urlsafe(32))
    return file.read_text(encoding="utf-8")
