"""What a restore makes of the callers' ledger: what they were promised before the backup holds, the rest may not."""

from dataclasses import dataclass
from uuid import UUID

from tests.faults.ledger import Employee, Ledger, Organisation


@dataclass
class Certain:
    """What callers had been promised before a backup began: that must be in it."""

    ledger: Ledger
    organisation: Organisation
    possible: dict[str, set[Employee]]
    pushes: int
    messages: set[UUID]
    asked: set[str]

    @classmethod
    def now(cls, ledger: Ledger, organisation: Organisation) -> "Certain":
        """Whatever is answered by now. A push that is on its way is not."""
        pushes = len(ledger.pushes)
        under_way = bool(pushes) and ledger.pushes[-1].outcome == "unknown"
        return cls(
            ledger,
            organisation,
            dict(organisation.possible),
            pushes - under_way,
            {key for key, sent in ledger.messages.items() if sent.outcome == "answered"},
            {key for key, asked in ledger.asked.items() if asked.outcome == "answered"},
        )

    def all_else_is_unknown(self) -> set[UUID]:
        """Of everything answered since nobody knows whether it is there; the ids of those messages and sessions."""
        self.organisation.possible = dict(self.possible)
        for push in self.ledger.pushes[self.pushes :]:
            push.outcome = "unknown" if push.outcome == "answered" else push.outcome
            push.certain.clear()
            self.organisation.note(push)
        return {*self._messages(), *self._sessions()}

    def _messages(self) -> list[UUID]:
        late = [k for k, s in self.ledger.messages.items() if s.outcome == "answered" and k not in self.messages]
        for message_id in late:
            self.ledger.messages[message_id].outcome = "unknown"
        return late

    def _sessions(self) -> list[UUID]:
        late = [a for k, a in self.ledger.asked.items() if a.outcome == "answered" and k not in self.asked]
        session_ids = [asked.session_id for asked in late if asked.session_id]
        for asked in late:
            asked.outcome, asked.session_id = "unknown", None
        return session_ids
