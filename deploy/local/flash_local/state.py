"""`state.json`: where everything listens and who can sign in, for people and programs that use the platform."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from flash_local.private_files import write_private


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class ServiceState(_Value):
    """One service's own addresses; users go through the gateway."""

    url: str
    metrics: str


class Persona(_Value):
    """Somebody of the demo. `person_id` is null for those who are not employees; the token is a bearer token."""

    person_id: str | None
    token: str


class State(_Value):
    """A running platform. `postgres` is the superuser's address, `mail` a page with all mail that was sent.

    Null is what does not run on this machine.
    """

    supervisor_pid: int
    gateway: str | None = None
    identity_provider: str | None = None
    services: dict[str, ServiceState]
    postgres: str
    kafka: str
    opensearch: str
    prometheus: str | None = None
    mail: str | None = None
    personas: dict[str, Persona] = {}

    def write(self, file: Path) -> None:
        """Whole or not at all, readable by its owner only: it holds tokens."""
        write_private(file, self.model_dump_json(indent=2))


def read_state(file: Path) -> State | None:
    """The platform that runs, if one does."""
    return State.model_validate_json(file.read_text()) if file.exists() else None
