"""What a search asks for."""

import msgspec


class Criteria(msgspec.Struct, frozen=True, kw_only=True):
    """All that is given has to be true of a customer. None: not asked for."""

    customer_number: int | None = None
    first_name: str | None = None
    last_name: str | None = None
    company_name: str | None = None
    company_registration_number: str | None = None
    phone_number: str | None = None
    email: str | None = None
    street_address: str | None = None
    street_number: int | None = None
    entrance: str | None = None
    postal_code: str | None = None
    postal_place: str | None = None
    country_code: str | None = None
    external_id: str | None = None
    reference_code: str | None = None  # of the external_id
    text: str | None = None  # words, each of which may be any of it


class Run(msgspec.Struct, frozen=True):
    """Neighbouring words of a text written as one; a single word is a run too. Places count from 0."""

    first: int
    last: int
    word: str  # without case and accents
    lexeme: str  # as search_lexeme makes it


class Folded(msgspec.Struct, frozen=True):
    """A text as its words, and the runs of neighbours among them."""

    runs: list[Run]

    @property
    def words(self) -> list[str]:
        """The words alone."""
        return [run.word for run in self.runs if run.first == run.last]

    @property
    def as_one(self) -> str:
        """All of it without spaces."""
        return "".join(self.words)


class Question(msgspec.Struct, frozen=True):
    """What the index is asked, as tsquery: by whole words, and by words and beginnings (None: there are none)."""

    whole: str
    beginnings: str | None
    names: frozenset[str]  # lexemes of names that were asked for


class FoundCustomer(msgspec.Struct, frozen=True, kw_only=True):
    """A customer that was found; phone numbers with their types."""

    customer_number: int
    is_whole: bool  # by whole words
    first_name: str | None
    middle_name: str | None
    last_name: str | None
    company_name: str | None
    department_name: str | None
    name_lexemes: list[str]
    phone_numbers: list[tuple[str, str]]
    emails: list[str]
