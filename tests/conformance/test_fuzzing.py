import asyncio
import sys
from pathlib import Path

import pytest

from tests.browser_session import Server, bearer
from tests.playground import Reader

# Faults and undocumented answers. Left out: whether bad input is refused. Unknown members are ignored on purpose, and
# what a schema cannot say (codes that exist) is refused although the schema allows it.
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,ignored_auth"
)


@pytest.mark.parametrize(
    ("mode", "paths"), [("user", "/v1/(customer|user|subscription|order)"), ("client", "/v1/client/")]
)
async def test_no_input_leads_to_a_fault_or_an_undocumented_answer(
    server: Server, reader: Reader, tmp_path: Path, mode: str, paths: str
) -> None:
    token = await server.user_token(reader.credential) if mode == "user" else await server.client_token()
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("schemathesis"),
        *("run", f"{server.base_url}/capi/openapi.json", "--url", server.base_url),
        *("--header", f"Authorization:{bearer(token)['Authorization']}", "--include-path-regex", paths),
        *("--checks", CHECKS, "--phases", "examples,coverage,fuzzing", "--max-examples", "40"),
        *("--seed", "1", "--generation-database", "none", "--suppress-health-check", "all", "--warnings", "off"),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    assert "No issues found" in output.decode(), output.decode()
