"""The rows of the fault matrix, each a function named for what happens; importing them registers them."""

from tests.faults.rows import engines as engines
from tests.faults.rows import events as events
from tests.faults.rows import index as index
from tests.faults.rows import processes as processes

NOT_RUN: dict[int, str] = {
    18: "needs three brokers; row 17 kills the one there is. What only replicas show is not shown",
    19: "needs a coordinator apart from the leader, so three brokers; row 20 takes the only one away for as long",
    26: "needs a file system of limited size, which a container may not mount; rows 24 and 25 refuse writes otherwise",
    37: "the packaged PostgreSQL has no pg_basebackup; `republish` is the tool after a restore, and has its own tests",
    42: "a person cannot be erased yet; leavers (every run) and row 30 stand in for not coming back",
}
"""Rows that do not run here: why, and what stands in for them."""
