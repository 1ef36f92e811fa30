"""Wire shapes of Customer, without those of the search."""

from typing import Annotated, Literal

from msgspec import Meta

from kolofon.platform.schemas import Answer, CustomerNumber, RequestBody, UniqueId

PhoneNumberType = Annotated[Literal["personal", "company", "home", "mobile"], Meta(description="What the number is.")]
EmailAddress = Annotated[str, Meta(max_length=255, extra_json_schema={"format": "email"})]
InvoiceEmailAddress = Annotated[
    str, Meta(max_length=60, description="Where invoices are sent by e-mail.", extra_json_schema={"format": "email"})
]
PartOfName = Annotated[str, Meta(max_length=255)]
MOST = 50  # phone numbers, e-mail addresses


class Name(Answer):
    """A person's or a company's name."""

    first_name: Annotated[str, Meta(description="First name.")] | None = None
    middle_name: Annotated[str, Meta(description="Middle name.")] | None = None
    last_name: Annotated[str, Meta(description="Last name; a hyphen when there is no name at all.")] | None = None
    company_name: Annotated[str, Meta(description="Name of the company.")] | None = None
    department_name: Annotated[str, Meta(description="Name of a department of the company.")] | None = None


class PhoneNumber(Answer):
    """A phone number of the customer."""

    phone_number: Annotated[str, Meta(description="In E.164.")]
    phone_number_type: PhoneNumberType


class AttachedCredential(Answer):
    """What a user signs in with: an e-mail address or a mobile number."""

    credential: Annotated[str, Meta(description="E-mail address, or phone number in E.164.")]
    credential_type: Annotated[Literal["A_EMAIL_ADDRESS", "B_SMS_PHONE"], Meta(description="Which of the two.")]
    verification_level: Annotated[
        str,
        Meta(
            description="How it is known to be the user's: Not verified, Not_repeated_credential, "
            "Repeated_credential, Verification_link, Verification_code, Entered_password or Externally_verified."
        ),
    ]


class AttachedUser(Answer):
    """A user who is this customer. External identities are not among the credentials."""

    unique_id: UniqueId
    credentials: list[AttachedCredential]


class CustomerInfo(Answer, kw_only=True):
    """What is known of a customer, and the users who are it."""

    customer_number: CustomerNumber
    name: Name
    phone_numbers: Annotated[list[PhoneNumber], Meta(description="In the order they were given in.")]
    emails: Annotated[list[EmailAddress], Meta(description="The first is where post goes.")]
    invoice_email_address: InvoiceEmailAddress | None = None
    attached_users: Annotated[list[AttachedUser], Meta(description="Those who can sign in, the first one first.")]


class NameChange(RequestBody):
    """A name. Without a last or company name the customer is called `-`."""

    first_name: Annotated[PartOfName, Meta(description="First name.")] | None = None
    middle_name: Annotated[PartOfName, Meta(description="Middle name.")] | None = None
    last_name: Annotated[PartOfName, Meta(description="Last name.")] | None = None
    company_name: Annotated[PartOfName, Meta(description="Name of the company.")] | None = None
    department_name: Annotated[PartOfName, Meta(description="Name of a department of the company.")] | None = None


class PhoneNumberChange(RequestBody):
    """A phone number; one without a number counts as not sent."""

    phone_number: (
        Annotated[str, Meta(max_length=40, description="E.164, or a number of the partner's country.")] | None
    ) = None
    phone_number_type: PhoneNumberType | None = None


class CustomerInfoChange(RequestBody):
    """What a customer is to be called and reached by. It replaces everything: what is left out is removed."""

    name: NameChange | None = None
    phone_numbers: (
        Annotated[list[PhoneNumberChange], Meta(max_length=MOST, description="All of them; personal unless said.")]
        | None
    ) = None
    emails: (
        Annotated[list[EmailAddress], Meta(max_length=MOST, description="All of them; post goes to the first.")] | None
    ) = None
    invoice_email_address: InvoiceEmailAddress | None = None


class CustomerInfoAnswer(Answer):
    """Whether it is stored."""

    success: Annotated[bool, Meta(description="True: what was sent is what is stored.")]


class CustomerNumberCheck(RequestBody):
    """A customer number and what is known of whose it is: at least one of the others is needed."""

    customer_number: CustomerNumber
    last_name: (
        Annotated[str, Meta(max_length=255, description="Last name, or name of the company, however it is written.")]
        | None
    ) = None
    postal_code: (
        Annotated[str, Meta(max_length=10, description="Of the home address today, or of its address for post.")] | None
    ) = None


class CustomerNumberAnswer(Answer):
    """Whether all of it belongs together."""

    valid: Annotated[bool, Meta(description="False: there is no such customer, or something else does not fit.")]
