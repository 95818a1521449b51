"""The one-shot command that brings the skill vocabulary of `skills.csv` in, as an editor would, entry by entry.

An entry whose name is known already stays as it is: running it again changes nothing.
"""

import csv
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from chassis import logs
from chassis.database import Transaction
from chassis.runtime import Service

from profile_service import commands, store
from profile_service.model import VocabularySkill

SKILLS = Path(__file__).parent / "skills.csv"

log = logs.get(__name__)


async def seed(service: Service, _arguments: Sequence[str] = ()) -> int:
    """Add the entries that are missing, all or none; 0."""
    async with service.database.transaction() as transaction:
        await store.lock_vocabulary(transaction)
        added = sum([await _add(transaction, skill) for skill in _read()])
    log.info("skills_seeded", added=added)
    return 0


def _read() -> list[VocabularySkill]:
    with SKILLS.open(encoding="utf-8", newline="") as file:
        return [
            VocabularySkill(uuid4(), 1, row["label"], tuple(filter(None, row["aliases"].split("|"))))
            for row in csv.DictReader(file)
        ]


async def _add(transaction: Transaction, skill: VocabularySkill) -> bool:
    if await store.owners_of_names(transaction, skill.names(), skill.skill_id):
        return False
    await commands.keep_skill(transaction, skill, "created")
    return True
