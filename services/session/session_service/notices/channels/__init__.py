"""The ways out of the platform: each hands one message over and says what became of it."""
