"""What is wrong at the start is one line and a non-zero exit."""

import subprocess
import sys
from pathlib import Path

from tests.playground import Playground
from tests.processes import WAIT, WebProcess, web_process


def start(web: WebProcess) -> tuple[int, list[str]]:
    command = [sys.executable, "-m", "kolofon", "web"]
    result = subprocess.run(command, env=web.environment, capture_output=True, text=True, timeout=WAIT, check=False)
    return result.returncode, [line for line in result.stderr.splitlines() if line]


async def test_keys_of_another_secret_are_one_line_that_names_the_setting(
    database_url: str, playground: Playground, tmp_path: Path
) -> None:
    async with web_process(database_url, tmp_path, secret_key="a" * 32):
        pass
    other = WebProcess(database_url, tmp_path, secret_key="b" * 32)
    code, said = start(other)
    await other.server.close()
    assert code != 0
    assert said == ["Error: KOLOFON_SECRET_KEY: the signing keys in this database were made with another secret key"]


async def test_a_damaged_secret_is_one_line(database_url: str, playground: Playground, tmp_path: Path) -> None:
    web = WebProcess(database_url, tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "secret.key").write_text("")
    code, said = start(web)
    await web.server.close()
    assert code != 0
    assert len(said) == 1
    assert "secret.key" in said[0]
