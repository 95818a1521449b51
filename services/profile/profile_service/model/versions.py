"""The rule against overwriting what somebody else changed meanwhile."""

from chassis.problems import PreconditionFailed


def check_version(present: int, expected: int) -> None:
    """Raise PreconditionFailed when somebody changed the row since it was read."""
    if present != expected:
        raise PreconditionFailed
