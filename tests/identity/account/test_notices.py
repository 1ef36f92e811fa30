"""What readers are told of changes in their account."""

from datetime import UTC, datetime
from typing import get_args

import pytest

from kolofon.identity.notices.messages import Kind, Notice, notice_message
from kolofon.identity.origins import Origin
from kolofon.platform.i18n import LANGUAGES

AT = datetime(2026, 11, 24, 8, 45, tzinfo=UTC)
WHERE = Origin(client_id="no.example.web", browser="Firefox", system="Windows")


def a_notice(kind: Kind = "credentialAdded", language: str = "en", name: str = "Example", detail: str = "") -> Notice:
    return Notice(kind=kind, detail=detail, language=language, client_name=name, origin=WHERE)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", get_args(Kind))
def test_each_says_what_when_where_and_what_to_do(kind: Kind, language: str) -> None:
    mail = notice_message("kari@example.no", a_notice(kind, language, detail="a thing"), AT, "Europe/Oslo")
    for part in (mail.text, mail.html or ""):
        assert mail.subject is not None
        assert mail.subject in part
        assert "a thing" in part
        assert "09:45" in part
        assert "Firefox" in part
        assert "Example" in part
    sms = notice_message("+4790000001", a_notice(kind, language, detail="a thing"), AT, "Europe/Oslo")
    assert "\n" not in sms.text
    assert sms.text.startswith("Example: ")
    assert "(a thing)." in sms.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_is_its_own_subject(language: str) -> None:
    subjects = {
        notice_message("kari@example.no", a_notice(kind, language), AT, None).subject for kind in get_args(Kind)
    }
    assert len(subjects) == len(get_args(Kind))


def test_what_readers_and_publishers_typed_is_text_and_no_markup() -> None:
    notice = a_notice(name="<b>Ex</b>\r\nBcc: a", detail="<script>\n")
    mail = notice_message("kari@example.no", notice, AT, None)
    assert "<script>" not in (mail.html or "")
    assert "<b>" not in (mail.html or "")
    assert "\n" not in (mail.subject or "")
    assert "08:45 UTC" in mail.text
