"""What is answered about forgetting a person."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from chassis.http import Answer
from flash_schemas.erasure import ErasureReason

from profile_service.model import Erasure


class ReceiptAnswer(Answer):
    """What a service emptied or removed; `confirmed_at` is null while it has not said so."""

    service: str
    confirmed_at: datetime | None
    rows: int
    documents: int
    objects: int
    dead_letters: int


class ErasureAnswer(Answer):
    """How far the forgetting of a person is. Former states leave their topic by `topics_clear_by` at the latest."""

    person_id: UUID
    state: Literal["in_progress", "done"]
    reason: ErasureReason
    requested_at: datetime
    confirmed_at: datetime | None
    topics_clear_by: datetime
    receipts: list[ReceiptAnswer]

    @classmethod
    def of(cls, erasure: Erasure) -> "ErasureAnswer":
        """The progress as the person and operators see it."""
        values = {name: getattr(erasure, name) for name in cls.model_fields if hasattr(erasure, name)}
        receipts = [ReceiptAnswer.model_validate(receipt) for receipt in erasure.receipts]
        return cls(**values | {"receipts": receipts, "state": "done" if erasure.confirmed_at else "in_progress"})
