"""A certificate of this machine, and an authority that signed it and that nobody trusts but whoever is told."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Certificate:
    """What a server shows, and the file with the authority behind it."""

    server: ssl.SSLContext
    authority: Path

    @property
    def client(self) -> ssl.SSLContext:
        """What a client trusts that was told."""
        return ssl.create_default_context(cafile=self.authority)


def localhost(folder: Path) -> Certificate:
    """A new one; the authority is written into the folder."""
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(server)
    authority.cert_pem.write_to_path(folder / "authority.pem")
    return Certificate(server, folder / "authority.pem")
