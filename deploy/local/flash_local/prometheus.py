"""Prometheus, where it is installed: it scrapes every service and the gateway, and evaluates the alerts."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from flash_local.home import CHECKOUT
from flash_local.processes import Program, http_answers

TEMPLATE_FOLDER = CHECKOUT / "deploy/prometheus"
RETENTION = "2d"


def find_prometheus() -> str | None:
    """The installed program, if there is one."""
    return shutil.which("prometheus")


@dataclass(frozen=True)
class Prometheus:
    """Prometheus on `port`; `targets` are addresses of metrics by name."""

    folder: Path
    port: int
    targets: Mapping[str, str]

    @property
    def url(self) -> str:
        """Where to look."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def config_file(self) -> Path:
        """What it reads."""
        return self.folder / "prometheus.yml"

    def write_config(self) -> None:
        """Render the template for these targets."""
        self.folder.mkdir(parents=True, exist_ok=True)
        # Not HTML: nothing to escape.
        templates = Environment(loader=FileSystemLoader(TEMPLATE_FOLDER), undefined=StrictUndefined, trim_blocks=True)  # noqa: S701
        targets = {name: _target(url) for name, url in self.targets.items()}
        rendered = templates.get_template("prometheus.yml.j2").render(
            rules=TEMPLATE_FOLDER / "alerts.yml", targets=targets
        )
        self.config_file.write_text(rendered, encoding="utf-8")

    def program(self, executable: str) -> Program:
        """How to run it, once its configuration is written."""
        return Program(
            name="prometheus",
            argv=[
                executable,
                f"--config.file={self.config_file}",
                f"--storage.tsdb.path={self.folder / 'data'}",
                f"--storage.tsdb.retention.time={RETENTION}",
                f"--web.listen-address=127.0.0.1:{self.port}",
            ],
            ready=http_answers(f"{self.url}/-/ready"),
            live=http_answers(f"{self.url}/-/healthy"),
        )


def _target(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    return {"address": parts.netloc, "path": parts.path}
