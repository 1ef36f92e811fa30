"""What a person can put right: said in one line, without a traceback."""


class Failure(Exception):
    """Something cannot be done as asked; the message says what and why, and names the setting, file or option."""
