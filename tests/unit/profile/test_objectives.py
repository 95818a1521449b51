"""What an objective may aim at."""

from datetime import date
from uuid import uuid4

import pytest
from flash_schemas.profile import Objective
from pydantic import ValidationError


@pytest.mark.parametrize("target", [float("inf"), float("nan"), 0.0, -1.0])
def test_nothing_that_json_cannot_say_or_nobody_could_miss_becomes_a_target(target: float) -> None:
    with pytest.raises(ValidationError, match="target"):
        Objective(objective_id=uuid4(), text="More", metric="connections", target=target, due=date(2027, 3, 31))
