"""The embedded PostgreSQL, each time in a folder of its own."""

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

import kolofon
from kolofon.platform.embedded import EmbeddedPostgres, EmbeddedPostgresError
from kolofon.runtime import StartError, alone_in_data_folder, database
from kolofon.settings import Settings
from tests.processes import wait_for_death
from tests.waiting import WAIT, until

NOBODY = 65534
IMPORTED_FROM = [str(Path(str(module.__file__)).parents[1]) for module in (kolofon, asyncpg)]
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not below pytest's folder, which only its owner can enter.
    made = Path(tempfile.mkdtemp(prefix="kolofon-test-"))
    yield made
    shutil.rmtree(made)


async def run(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def is_running(folder: Path) -> bool:
    return (folder / "postgres" / "postmaster.pid").exists()


async def test_it_starts_in_an_empty_folder_and_keeps_its_data_over_a_restart(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        await run(server.url, "create table kept (x) as select 42")
        assert await run(server.url, "show data_checksums") == "on"
    assert not is_running(folder)
    with EmbeddedPostgres(folder) as server:
        assert await run(server.url, "select x from kept") == 42


async def test_it_speaks_to_nobody_outside_of_its_folder(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        assert await run(server.url, "show listen_addresses") == ""
        assert await run(server.url, "show unix_socket_directories") == str(folder / "postgres")
    assert stat.S_IMODE((folder / "postgres").stat().st_mode) == 0o700


async def test_processes_share_it_and_the_last_one_stops_it(folder: Path) -> None:
    first, second = EmbeddedPostgres(folder), EmbeddedPostgres(folder)
    assert first.start() == second.start()
    first.stop()
    assert await run(second.url, "select 1") == 1
    third = EmbeddedPostgres(folder)
    third.start()
    second.stop()
    assert await run(third.url, "select 1") == 1
    third.stop()
    assert not is_running(folder)
    third.stop()


async def test_several_may_start_it_at_once(folder: Path) -> None:
    servers = [EmbeddedPostgres(folder) for _ in range(4)]
    urls = await asyncio.gather(*(asyncio.to_thread(server.start) for server in servers))
    assert len(set(urls)) == 1
    assert await run(urls[0], "select 1") == 1
    await asyncio.gather(*(asyncio.to_thread(server.stop) for server in servers))
    assert not is_running(folder)


async def test_a_long_path_is_no_obstacle(folder: Path) -> None:
    server = EmbeddedPostgres(folder / ("long " * 20) / ("længer" * 10))
    with server:
        assert await run(server.url, "select 1") == 1
        sockets = str(await run(server.url, "show unix_socket_directories"))
        assert stat.S_IMODE(os.stat(sockets).st_mode) == 0o700
    os.rmdir(sockets)


async def test_a_link_in_the_place_of_the_sockets_is_not_followed(folder: Path) -> None:
    server = EmbeddedPostgres(folder / ("long" * 30))
    target = folder / "target"
    target.mkdir(mode=0o755)
    server._sockets.symlink_to(target)
    try:
        with pytest.raises(EmbeddedPostgresError, match="is a link"):
            server.start()
    finally:
        server._sockets.unlink()
    assert target.stat().st_uid == os.geteuid()
    assert stat.S_IMODE(target.stat().st_mode) == 0o755


async def test_it_comes_back_after_it_was_killed(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    await run(server.start(), "create table kept (x) as select 42")
    killed = server.process_id
    os.kill(killed, signal.SIGKILL)

    await asyncio.to_thread(wait_for_death, killed)
    # What the killed one had started may still be ending.
    assert await run(server.start(), "select x from kept") == 42
    server.stop()
    assert "not properly shut down" in (folder / "postgres" / "server.log").read_text()


def test_whoever_is_killed_while_making_the_cluster_leaves_nothing_in_the_way(folder: Path) -> None:
    program = f"""
        from pathlib import Path
        from kolofon.platform.embedded import EmbeddedPostgres
        EmbeddedPostgres(Path({str(folder)!r})).start()
    """
    maker = started(program)

    while not list(folder.glob("*/PG_VERSION")):
        time.sleep(0.001)
    maker.kill()
    maker.communicate()
    with EmbeddedPostgres(folder) as server:
        assert asyncio.run(run(server.url, "select 1")) == 1


async def test_it_outlives_a_killed_process_and_is_stopped_by_the_next(folder: Path) -> None:
    program = f"""
        from pathlib import Path
        from kolofon.platform.embedded import EmbeddedPostgres
        server = EmbeddedPostgres(Path({str(folder)!r}))
        print(server.start(), flush=True)
        input()
    """
    user = started(program)
    assert user.stdout is not None
    url = (await asyncio.to_thread(user.stdout.readline)).strip()
    user.kill()
    user.communicate()
    assert await run(url, "select 1") == 1
    with EmbeddedPostgres(folder) as server:
        assert server.url == url
    assert not is_running(folder)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_a_command_that_is_told_to_end_stops_it(folder: Path, number: signal.Signals) -> None:
    program = f"""
        from pathlib import Path
        from kolofon.runtime import database
        from kolofon.settings import Settings
        with database(Settings(data=Path({str(folder)!r}))) as url:
            print(url, flush=True)
            input()
    """
    user = started(program)
    assert user.stdout is not None
    await asyncio.to_thread(user.stdout.readline)
    user.send_signal(number)
    await asyncio.to_thread(user.communicate, timeout=WAIT)
    assert user.returncode == 128 + number
    assert not is_running(folder)


def started(program: str, python: str | None = None, **options: object) -> "subprocess.Popen[str]":
    lines = program.strip("\n").split("\n")
    indent = len(lines[0]) - len(lines[0].lstrip())
    text = "\n".join(line[indent:] for line in lines)
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        [python or sys.executable, "-c", text],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(IMPORTED_FROM)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


@pytest.fixture
def nobodys(folder: Path) -> Path:
    if python_for_others() is None:
        pytest.skip("this Python, or the project, is in a folder that other users cannot enter")
    os.chown(folder, NOBODY, NOBODY)
    return folder


def python_for_others() -> str | None:
    """A Python of our version that other users can run; ours, or the system's."""
    candidates = (sys.executable, f"/usr/bin/python{sys.version_info[0]}.{sys.version_info[1]}")
    return next((path for path in candidates if passable_for_others(Path(path))), None)


def passable_for_others(program: Path) -> bool:
    places = (program, program.resolve(), Path(__file__).resolve(), Path(asyncpg.__file__))
    return program.exists() and all(p.stat().st_mode & 0o001 for place in places for p in place.parents)


KEEP = """
    import asyncio, sys
    from pathlib import Path
    import asyncpg
    from kolofon.platform.embedded import EmbeddedPostgres

    async def main():
        with EmbeddedPostgres(Path(sys.stdin.readline().strip())) as server:
            connection = await asyncpg.connect(server.url)
            await connection.execute("create table if not exists kept (x integer)")
            await connection.execute("insert into kept values (1)")
            print(await connection.fetchval("select count(*) from kept"))
            await connection.close()

    asyncio.run(main())
"""


def keep(folder: Path, **options: object) -> str:
    output, errors = started(KEEP, python_for_others(), **options).communicate(f"{folder}\n", timeout=WAIT)
    return (output + errors).strip().rsplit("\n", 1)[-1]


@AS_ROOT
def test_it_works_for_an_ordinary_user_and_for_root_in_the_same_folder(nobodys: Path) -> None:
    ordinary = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    assert keep(nobodys, **ordinary) == "1"
    # Root runs it as the one whose data it is, who is not locked out by that.
    assert keep(nobodys) == "2"
    assert keep(nobodys, **ordinary) == "3"


@AS_ROOT
def test_a_folder_of_another_user_is_refused_in_one_line(nobodys: Path) -> None:
    (nobodys / "postgres").mkdir()
    ordinary = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    said = keep(nobodys, **ordinary)
    assert said.endswith(f"the folder {nobodys}/postgres belongs to another user")


@AS_ROOT
def test_the_server_of_root_is_not_root(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        assert Path(f"/proc/{server.process_id}").stat().st_uid != 0
        # Others may pass through on the way, not look around.
        assert stat.S_IMODE(folder.stat().st_mode) == 0o701


def test_a_folder_that_cannot_be_made_is_named(folder: Path) -> None:
    (folder / "file").write_text("")
    with pytest.raises(StartError, match=f"cannot use the data folder {folder}/file/data"):  # noqa: SIM117
        with database(Settings(data=folder / "file" / "data")):
            pass


def test_a_damaged_cluster_is_one_line_that_says_where_to_look(folder: Path) -> None:
    with EmbeddedPostgres(folder):
        pass
    (folder / "postgres" / "global" / "pg_control").unlink()
    with pytest.raises(EmbeddedPostgresError) as error:
        EmbeddedPostgres(folder).start()
    assert "\n" not in str(error.value)
    assert str(folder / "postgres" / "server.log") in str(error.value)


def test_a_folder_is_served_once_at_a_time(folder: Path) -> None:
    settings = Settings(data=folder)
    in_use = pytest.raises(StartError, match=f"in use by process {os.getpid()}")
    with alone_in_data_folder(settings), in_use, alone_in_data_folder(settings):
        pass
    with alone_in_data_folder(settings):
        assert (folder / "serve.lock").read_text() == str(os.getpid())


async def test_the_lock_of_a_killed_process_goes_with_it(folder: Path) -> None:
    program = f"""
        from pathlib import Path
        from kolofon.runtime import alone_in_data_folder
        from kolofon.settings import Settings
        with alone_in_data_folder(Settings(data=Path({str(folder)!r}))):
            print("held", flush=True)
            input()
    """
    holder = started(program)
    assert holder.stdout is not None
    await asyncio.to_thread(holder.stdout.readline)
    with pytest.raises(StartError, match=str(holder.pid)), alone_in_data_folder(Settings(data=folder)):
        pass
    holder.kill()
    holder.communicate()

    async def is_free() -> bool:
        try:
            with alone_in_data_folder(Settings(data=folder)):
                return True
        except StartError:
            return False

    await until(is_free)
