"""What can go wrong on stage."""


class DemoError(Exception):
    """Something did not happen as it should; the message says what, and where to look."""
