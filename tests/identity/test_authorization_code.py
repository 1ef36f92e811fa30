"""From the authorization request to tokens."""

from tests.browser_session import Server, bearer
from tests.playground import Reader


async def test_a_reader_signs_in_and_the_client_gets_tokens_that_work(server: Server, reader: Reader) -> None:
    tokens = await server.user_tokens(reader.credential)
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 43200
    assert tokens["scope"] == "read"
    assert tokens["refresh_token"]
    answer = await server.http.get("/capi/v1/user/profile", headers=bearer(tokens["access_token"]))
    assert answer.status_code == 200, answer.text
    assert answer.json()["uniqueId"] == reader.unique_id.hex
    answer = await server.http.post(
        "/capi/v1/customer/access?explain=true", json={"product": "DIGI"}, headers=bearer(tokens["access_token"])
    )
    assert answer.json()["access"] is True, answer.text
