"""What several pages say in the same words, as it stands in the source; the page puts it into the reader's language."""

from kolofon.identity.password_rules import Weakness
from kolofon.platform.errors import TooManyRequests

TOO_LONG_OPEN = "The page was open for too long. Please try again."
NOT_REACHABLE = "Type an e-mail address, or a mobile number with its country code."
NO_CODE = "That is not the code, or it can no longer be used. Try again, or ask for a new one."
NO_APP_CODE = "That is not the code, or it has been used. Wait for the next one and try again."
NO_PASSKEY = "That did not work. You can try again, or go on in another way."
NO_NAME = "Type a name of at most 100 characters."
WEAK = {
    Weakness.SHORT: "Use at least 10 characters.",
    Weakness.LONG: "Use at most 1024 characters.",
    Weakness.COMMON: "This password is easy to guess. Please choose another one.",
}
TOO_OFTEN = "Too many attempts. Please wait a minute and try again."
_TOO_MANY_CODES = "Too many codes have been asked for. Please wait ten minutes and try again."


def too_often(refused: TooManyRequests) -> str:
    """What somebody is told who has tried too often."""
    return _TOO_MANY_CODES if refused.retry_after > 60 else TOO_OFTEN
