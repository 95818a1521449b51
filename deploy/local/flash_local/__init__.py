"""Runs the whole platform on one machine, on real engines, without containers."""
