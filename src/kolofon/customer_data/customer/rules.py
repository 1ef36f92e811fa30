"""Pure rules of Customer: contact data as it is stored, and whether facts belong to a customer."""

from collections.abc import Sequence

from kolofon.customer_data.customer.queries import Facts
from kolofon.customer_data.customer.schemas import CustomerInfoChange, NameChange
from kolofon.engine.customers.checking import checked_credential
from kolofon.engine.customers.contact_queries import Contact, Phone, PhoneNumberType
from kolofon.platform.credentials import EMAIL, PHONE
from kolofon.platform.problems import Problems
from kolofon.platform.schemas import without_blanks


def checked_contact(change: CustomerInfoChange, country_code: str, problems: Problems) -> Contact:
    """The contact data as it is stored; what is wrong is added to the problems, and then it is of no use.

    Blank texts count as not sent. What is there twice counts once, where it comes first.
    """
    change = without_blanks(change)
    name = without_blanks(change.name or NameChange())
    return Contact(
        first_name=name.first_name,
        middle_name=name.middle_name,
        last_name=name.last_name,
        company_name=name.company_name,
        department_name=name.department_name,
        invoice_email=_email(change.invoice_email_address, "invoiceEmailAddress", problems),
        phone_numbers=_phones(change, country_code, problems),
        emails=_emails(change.emails or (), problems),
    )


def belongs_together(facts: Facts) -> bool:
    """Whether every fact that is said is the customer's."""
    # All are looked at, whether or not the first is right.
    found = [
        _is_one_of(facts.said_name, facts.last_name, facts.company_name),
        _is_one_of(facts.said_postal_code, facts.postal_code, facts.postal_address_postal_code),
    ]
    return all(found)


def _is_one_of(said: str | None, *known: str | None) -> bool:
    # A hyphen, as which a customer without a name is stored, is nothing here, and proves nothing.
    return said is None or (said != "" and said in known)


def _emails(texts: Sequence[str], problems: Problems) -> list[str]:
    found = [_email(text.strip() or None, f"emails[{index}]", problems) for index, text in enumerate(texts)]
    return list(dict.fromkeys(email for email in found if email is not None))


def _email(text: str | None, field: str, problems: Problems) -> str | None:
    return checked_credential(text, EMAIL, "", field, problems) if text is not None else None


def _phones(change: CustomerInfoChange, country_code: str, problems: Problems) -> list[Phone]:
    found: dict[str, PhoneNumberType] = {}
    for index, told in enumerate(change.phone_numbers or ()):
        text, field = (told.phone_number or "").strip(), f"phoneNumbers[{index}].phoneNumber"
        number = checked_credential(text, PHONE, country_code, field, problems) if text else None
        if number is not None:
            found.setdefault(number, told.phone_number_type or "personal")
    return [Phone(number, kind) for number, kind in found.items()]
