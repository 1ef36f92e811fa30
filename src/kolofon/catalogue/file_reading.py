"""Reading a publisher file: text, shape and meaning are all checked before anything else is done with it."""

from pathlib import Path

import msgspec

from kolofon.catalogue import file_checks, file_client_checks, file_reader_checks
from kolofon.catalogue.file_errors import Problems
from kolofon.catalogue.file_shape import read_document, shaped
from kolofon.catalogue.publisher import PublisherFile


class Source(msgspec.Struct, frozen=True):
    """A checked file, with the means to report what turns out to be wrong with it later."""

    publisher: PublisherFile
    problems: Problems


def read_publisher_file(path: Path) -> Source:
    """Read and check a file; raises PublisherFileError with everything that is wrong at the first stage that fails."""
    document = read_document(path)
    problems = Problems(str(path), document.lines)
    publisher = shaped(document, problems, PublisherFile)
    file_checks.check(publisher, problems)
    file_client_checks.check(publisher, problems)
    file_reader_checks.check(publisher, problems)
    problems.raise_any()
    return Source(publisher, problems)
