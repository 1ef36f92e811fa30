"""Steps that the tests of consent share: a third-party client, and a reader in front of its page."""

from typing import Any

import httpx

from tests.identity.openid.steps import Person, is_sign_in
from tests.identity.pages.reading import Form
from tests.identity.steps import redirect_query
from tests.playground import CALLBACK, WEB_SECRET

GUEST = "no.kryssord.web"
OTHER_GUEST = "no.sudoku.web"
CONSENT = "/user/oauth/consent"


async def ask(person: Person, **members: str) -> httpx.Response:
    """What the endpoint says to the third-party client's request, after the sign-in page if that is shown."""
    answer = await person.ask(**({"client_id": GUEST, "scope": "openid email"} | members))
    return await person.sign_in(answer) if is_sign_in(answer) else answer


def is_page(answer: httpx.Response) -> bool:
    """Whether the reader is asked."""
    return answer.status_code == 200 and Form(answer.text).action.startswith(CONSENT)


async def press(person: Person, page: httpx.Response, button: str, **fields: str) -> httpx.Response:
    """Press a button of the consent page."""
    assert is_page(page), page.text
    form = Form(page.text)
    return await person.http.post(form.action, data=form.fields | {"action": button} | fields, follow_redirects=False)


def answered(answer: httpx.Response) -> dict[str, str]:
    """What the client is told after a form."""
    assert answer.status_code == 303, answer.text
    answer.status_code = 302
    return redirect_query(answer)


async def consented(person: Person, **members: str) -> None:
    """Have the reader say yes."""
    assert "code" in answered(await press(person, await ask(person, **members), "allow"))


async def trade_for(person: Person, code: str) -> dict[str, Any]:
    """The third-party client's tokens for a code."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    answer = await person.server.token(form, (GUEST, WEB_SECRET))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
