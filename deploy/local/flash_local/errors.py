"""What can go wrong before anything runs, said so that a newcomer knows what to do next."""


class SetupError(Exception):
    """Something is missing, in use or too little. The message says what, and what to do."""
