"""Step 1 of the write path: what people answer to a suggestion."""

from chassis.http import Strict
from flash_schemas.base import SkillLevel


class Acceptance(Strict):
    """How well somebody knows the skill that was suggested to them."""

    level: SkillLevel
