"""The program as it is started: in processes of its own, with a data folder of its own."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.catalogue.publisher_files import SMALL
from tests.demo_server import environment_without_settings
from tests.processes import WAIT, free_port
from tests.waiting import until


class Program:
    """`kolofon` with settings."""

    def __init__(self, **settings: str) -> None:
        self.environment = environment_without_settings() | {
            f"KOLOFON_{name.upper()}": value for name, value in settings.items()
        }

    def run(self, *arguments: str, typed: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; `typed` is what it reads."""
        return subprocess.run(
            [sys.executable, "-m", "kolofon", *arguments],
            env=self.environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=WAIT,
            check=False,
        )

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start a command that goes on."""
        command = [sys.executable, "-m", "kolofon", *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=self.environment, stdout=pipe, stderr=pipe, text=True)


@asynccontextmanager
async def serving(program: Program, *arguments: str) -> AsyncIterator["subprocess.Popen[str]"]:
    """A command that serves, ready; it is ended with SIGTERM."""
    url = f"http://127.0.0.1:{program.environment['KOLOFON_PORT']}/ready"
    with program.start(*arguments) as process:
        try:
            await until(lambda: is_ready(url, process))
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=WAIT)


async def is_ready(url: str, process: "subprocess.Popen[str]") -> bool:
    assert process.poll() is None, process.communicate()
    async with httpx.AsyncClient() as http:
        try:
            return (await http.get(url)).status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture
def port() -> str:
    return str(free_port())


@pytest.fixture
def busy_port() -> Iterator[str]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield str(holder.getsockname()[1])


def assert_one_clear_line(result: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert result.returncode == 1
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("Error: ")
    for part in parts:
        assert part in lines[0]


@pytest.mark.parametrize(
    "command",
    [
        *("serve", "web", "worker", "migrate", "load", "demo-data", "openapi", "check", "key"),
        *("import", "import customers"),
        *("client", "client add", "client list", "client rotate-secret", "user", "user add", "user forget-factors"),
    ],
)
def test_every_command_has_help(command: str) -> None:
    result = Program().run(*command.split(), "--help")
    assert result.returncode == 0
    assert f"Usage: python -m kolofon {command}" in result.stdout
    assert len(result.stdout.splitlines()) >= 5


def test_a_broken_setting_is_one_line_that_names_it() -> None:
    assert_one_clear_line(Program(port="many").run("serve"), "KOLOFON_PORT", "expected a whole number, got 'many'")
    assert_one_clear_line(Program(prot="8000").run("serve"), "KOLOFON_PROT is not a setting")


def test_a_database_that_cannot_be_reached_is_one_line(tmp_path: Path) -> None:
    program = Program(database_url="postgresql://nobody@127.0.0.1:1/none", data=str(tmp_path))
    for command in ("serve", "web", "worker", "migrate", "check"):
        assert_one_clear_line(program.run(command), "KOLOFON_DATABASE_URL", "cannot reach the database")


def test_a_database_that_is_not_migrated_is_one_line(tmp_path: Path) -> None:
    result = Program(data=str(tmp_path)).run("web")
    assert_one_clear_line(result, "migrations are missing", "run kolofon migrate")


def test_a_busy_port_is_one_line(tmp_path: Path, busy_port: str) -> None:
    result = Program(data=str(tmp_path), port=busy_port).run("serve")
    assert_one_clear_line(result, f"cannot listen on 127.0.0.1 port {busy_port}")


def test_a_data_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert_one_clear_line(Program(data=str(tmp_path / "file")).run("serve"), "KOLOFON_DATA", "cannot use")


def test_the_demo_is_refused_in_production(tmp_path: Path) -> None:
    production = Program(mode="production", public_url="https://id.example.no", secret_key="x" * 32, data=str(tmp_path))
    assert_one_clear_line(production.run("serve", "--demo"), "--demo", "production")


async def test_the_demo_serves_prints_how_to_sign_in_and_keeps_its_data(tmp_path: Path, port: str) -> None:
    program = Program(data=str(tmp_path), port=port)
    log = tmp_path / "out"
    for _ in range(2):
        async with serving(program, "serve", "--demo") as process:
            second = program.run("serve")
            assert_one_clear_line(second, "KOLOFON_DATA", f"in use by process {process.pid}")
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
                token = await http.post(
                    "/user/oauth/token",
                    data={"grant_type": "client_credentials"},
                    auth=("no.fjordposten.web", "demo-secret-of-fjordposten-web"),
                )
                answer = await http.post(
                    "/capi/v1/client/access",
                    json={"product": "FP-DIGITAL", "credential": "kari.nordmann@example.no"},
                    headers={"Authorization": f"Bearer {token.json()['access_token']}"},
                )
                assert answer.json()["access"] is True
            # The worker runs beside: other commands can use the same database meanwhile.
            added = program.run("user", "add", "ny@example.no", "--password", "et langt passord")
            log.write_text(log.read_text() + added.stderr if log.exists() else added.stdout)
    assert log.read_text().startswith("uniqueId  ")
    assert "there is a user with ny@example.no already" in log.read_text()


async def test_what_the_demo_prints_is_true(tmp_path: Path, port: str) -> None:
    program = Program(data=str(tmp_path), port=port)
    process = program.start("serve", "--demo")
    assert process.stdout is not None
    lines = [await asyncio.to_thread(process.stdout.readline)]
    while "astrid.lindqvist" not in lines[-1] or len(lines) < 25:
        lines.append(await asyncio.to_thread(process.stdout.readline))
        assert lines[-1], process.communicate()
    printed = "".join(lines)
    await until(lambda: is_ready(f"http://127.0.0.1:{port}/ready", process))
    process.terminate()
    process.communicate(timeout=WAIT)
    assert f"http://127.0.0.1:{port}/capi/docs" in printed
    assert "no.fjordposten.web  demo-secret-of-fjordposten-web" in printed
    assert "kari.nordmann@example.no           fjordposten-demo" in printed
    assert process.returncode == 0


async def test_sigterm_and_sigint_stop_the_embedded_database_too(tmp_path: Path, port: str) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        program = Program(data=str(tmp_path), port=port)
        async with serving(program, "serve") as process:
            process.send_signal(number)
            _, errors = await asyncio.to_thread(process.communicate, timeout=WAIT)
            assert process.returncode == 0, errors
            assert "Traceback" not in errors
            assert not (tmp_path / "postgres" / "postmaster.pid").exists()


async def test_an_embedded_database_that_dies_is_started_again(tmp_path: Path, port: str) -> None:
    async with serving(Program(data=str(tmp_path), port=port), "serve") as process:
        pid_file = tmp_path / "postgres" / "postmaster.pid"
        first = int(pid_file.read_text().split("\n", 1)[0])
        os.kill(first, signal.SIGKILL)

        async def is_another() -> bool:
            return pid_file.exists() and int(pid_file.read_text().split("\n", 1)[0] or first) != first

        await until(is_another)
        await until(lambda: is_ready(f"http://127.0.0.1:{port}/ready", process))
        assert process.poll() is None


def test_clients_users_and_files_are_administered_from_the_command_line(tmp_path: Path) -> None:
    program = Program(data=str(tmp_path / "data"))
    assert "applied 0001_catalogue" in program.run("migrate").stdout
    assert program.run("migrate").stdout == "nothing to do\n"
    file = tmp_path / "liten.yaml"
    file.write_text(SMALL, "utf-8")
    loaded = program.run("load", str(file))
    assert loaded.stdout.startswith("partner liten: loaded\n"), loaded.stderr
    assert "nothing to change" in program.run("load", str(file)).stdout
    file.write_text(SMALL.replace("currency: NOK", "currency: krone"), "utf-8")
    assert_one_clear_line(program.run("load", str(file)), f"{file}:1: partner.currency: ")

    added = program.run("client", "add", "no.liten.shop", "--partner", "liten", "--name", "Butikk")
    assert added.stdout.splitlines()[0] == "client_id      no.liten.shop"
    rotated = program.run("client", "rotate-secret", "no.liten.shop", "--overlap-hours", "0")
    assert rotated.stdout.startswith("client_secret  ")
    assert rotated.stdout.split()[1] != added.stdout.split()[-1]
    listed = program.run("client", "list", "--partner", "liten").stdout
    assert [line.split()[0] for line in listed.splitlines()[1:]] == ["no.liten.shop", "no.liten.web"]
    for wrong, message in (
        (("client", "add", "no.liten.shop", "--partner", "liten", "--name", "x"), "already"),
        (("client", "add", "no.liten.x", "--partner", "ingen", "--name", "x"), "there is no partner ingen"),
        (("client", "add", "a/b", "--partner", "liten", "--name", "x"), "expected letters, digits"),
        (("client", "add", "no.a.b", "--partner", "liten", "--name", "x", "--redirect-uri", "/x"), "absolute URL"),
        (("client", "rotate-secret", "no.none"), "there is no client no.none"),
        (("user", "add", "x", "--password", "long enough it is"), "expected an e-mail address"),
        (("user", "add", "x@example.no", "--password", "short"), "at least 10 characters"),
        (("user", "forget-factors", "x"), "expected an e-mail address"),
        (("user", "forget-factors", "x@example.no"), "there is no user with x@example.no"),
        (("demo-data", "--customers", "1", "--partner", "ingen"), "there is no partner ingen"),
    ):
        assert_one_clear_line(program.run(*wrong), message)
    assert program.run("key", "rotate").stdout.startswith("kid  ")
    assert program.run("demo-data", "--customers", "50", "--partner", "liten").returncode == 0

    checked = program.run("check")
    assert checked.returncode == 0, checked.stdout
    assert [line.split()[0] for line in checked.stdout.splitlines()] == ["ok"] * 4
    other = Program(data=str(tmp_path / "data"), secret_key="another secret key of an installation")
    wrong_key = other.run("check")
    assert wrong_key.returncode == 1
    assert "WRONG   signing keys: made with another KOLOFON_SECRET_KEY" in wrong_key.stdout
    assert_one_clear_line(other.run("web"), "KOLOFON_SECRET_KEY")


def test_the_openapi_document_is_printed_without_a_database() -> None:
    result = Program(data="/nonexistent").run("openapi")
    document = json.loads(result.stdout)
    assert document["openapi"].startswith("3.1")
    assert "/capi/v1/customer/access" in document["paths"]
