"""What other systems call a customer: the form of a reference code and of an identifier, wherever they come from."""

import re

REFERENCE_CODE = "^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$"
REFERENCE_CODE_LENGTH = 40
EXTERNAL_ID_LENGTH = 16
REFERENCE_CODE_FORM = "1 to 40 letters a to z, digits, dots, hyphens and underscores, a letter or digit first"
EXTERNAL_ID_FORM = "1 to 16 characters that can be printed"


def checked_reference_code(text: str) -> str | None:
    """A reference code as it is stored; None for what is none. It stands in paths, so it is of plain letters."""
    code = text.strip()
    # The whole text: a $ alone would let a line feed follow.
    return code if re.fullmatch(REFERENCE_CODE[1:-1], code) is not None else None


def checked_external_id(text: str) -> str | None:
    """An identifier as it is stored, without spaces around it; None for what is none."""
    external_id = text.strip()
    return external_id if 1 <= len(external_id) <= EXTERNAL_ID_LENGTH and external_id.isprintable() else None
