"""Reading a publisher file: text, shape and meaning are all checked before anything else is done with it."""

from pathlib import Path

import msgspec

from kolofon.catalogue.publisher_file import (
    checks,
    client_checks,
    offer_checks,
    product_checks,
    reader_checks,
    term_checks,
)
from kolofon.catalogue.publisher_file.errors import Problems
from kolofon.catalogue.publisher_file.publisher import PublisherFile
from kolofon.catalogue.publisher_file.shape import read_document, shaped


class Source(msgspec.Struct, frozen=True):
    """A checked file, with the means to report what turns out to be wrong with it later."""

    publisher: PublisherFile
    problems: Problems


def read_publisher_file(path: Path) -> Source:
    """Read and check a file; raises PublisherFileError with everything that is wrong at the first stage that fails."""
    document = read_document(path)
    problems = Problems(str(path), document.lines)
    publisher = shaped(document, problems, PublisherFile)
    for part in (checks, term_checks, product_checks, offer_checks, client_checks, reader_checks):
        part.check(publisher, problems)
    problems.raise_any()
    return Source(publisher, problems)
