"""What a person chooses to be in a program: roles, and until when one of them rests. Step 3 of the write path: pure."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from chassis.problems import Refused
from flash_schemas.base import Role, Value
from pydantic import Field, model_validator

LONGEST_PAUSE = timedelta(days=366)


class Choice(Value):
    """The roles somebody takes in a program, none for staying out; a paused role rests until its first day back."""

    roles: tuple[Role, ...]
    paused_until: dict[Role, date] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _from_roles_alone(cls, stored: Any) -> Any:
        """Rows from before there were pauses hold nothing but the roles."""
        return stored if isinstance(stored, Mapping) else {"roles": stored}

    def check(self, today: date) -> None:
        """Raise Refused, naming the field, for a pause that rests nothing or never ends."""
        for role, day in self.paused_until.items():
            field = f"paused_until.{role}"
            if role not in self.roles:
                raise Refused("Only a role that you take can be paused.", field=field)
            if day <= today:
                raise Refused("The first day back must lie ahead.", field=field)
            if day > today + LONGEST_PAUSE:
                raise Refused("Pause for a year at most; to stay out for longer, leave the role out.", field=field)
