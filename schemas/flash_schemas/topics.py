"""Topics are files: the one place that says who owns one, its key, partitions, retention and dead letters."""

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field

from flash_schemas.base import Value

TOPICS_DIR = Path(__file__).parent.parent / "topics"
DEAD_LETTER_RETENTION_DAYS = 30
SEGMENT_DAYS = 1
"""After so long a compacted topic begins a new file at the next record; only finished files are compacted."""


class Topic(Value):
    """One topic as its YAML file states it; `retention_days` 0 keeps the last state of each key for ever."""

    name: Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*$")]
    description: str
    owner: str
    key: str
    partitions: Annotated[int, Field(ge=1, le=64)]
    cleanup_policy: Literal["compact", "delete"]
    retention_days: Annotated[int, Field(ge=0)]
    min_compaction_lag_days: Annotated[int, Field(ge=0)]
    max_message_bytes: Annotated[int, Field(ge=1024)]
    dead_letter: str
    restricted: bool = False
    """Whether none but its consumers may read it, nor its dead letters: the broker's rules are to say so, too."""
    events: tuple[str, ...]
    producers: tuple[str, ...]
    consumers: tuple[str, ...]

    @property
    def max_compaction_lag_days(self) -> int:
        """How old a record is at most when it is due for compaction, however little there is to compact."""
        return self.min_compaction_lag_days + SEGMENT_DAYS


@cache
def load_topics() -> tuple[Topic, ...]:
    """Every topic of the platform, by name. Raises ValidationError on a malformed file."""
    files = sorted(TOPICS_DIR.glob("*.yaml"))
    return tuple(Topic.model_validate(yaml.safe_load(file.read_text(encoding="utf-8"))) for file in files)
