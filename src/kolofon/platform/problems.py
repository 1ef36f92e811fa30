"""All that is wrong with a body, told at once."""

from kolofon.platform.errors import InvalidRequest

_TOLD = 20


class Problems:
    """Collects what is wrong, each with the path of its field in the wire's words."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def add(self, field: str, text: str) -> None:
        """Note a problem: `payer.postalCode`, `expected four digits`."""
        self._found.append(f"{field}: {text}")

    @property
    def found(self) -> list[str]:
        """All of them, as they were noted."""
        return self._found

    def refuse(self) -> None:
        """Raises InvalidRequest when there are any; a long list is cut."""
        if self._found:
            raise InvalidRequest("; ".join(self._found[:_TOLD]))
