"""The rows of the fault matrix, each a function named for what happens; importing them registers them."""

from tests.faults.rows import processes as processes

NOT_RUN: dict[int, str] = {}
"""Rows that cannot run here: why, and what stands in for them."""
