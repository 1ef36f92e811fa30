"""Databases for tests: each gets one that looks like new.

Making one takes a third of a second, emptying one a hundredth. One that a test has changed in its form (a trigger, a
table, the planner's statistics) is thrown away instead of being emptied.
"""

import asyncio
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg

from kolofon.platform.migrations import migrate

_FORM = """
    select md5(string_agg(entry, ',' order by entry))
    from (
        select 'class' || oid || relname || coalesce(reloptions::text, '') as entry
        from pg_class where relnamespace = 'public'::regnamespace
        union all
        select 'trigger' || oid || tgname || tgenabled::text from pg_trigger
        union all
        select 'function' || oid || proname || xmin::text from pg_proc where pronamespace = 'public'::regnamespace
        union all
        select 'constraint' || oid || conname from pg_constraint where connamespace = 'public'::regnamespace
        union all
        select 'migration' || migration_id from _yoyo_migration
        union all
        select 'statistics' || starelid || staattnum from pg_statistic
            join pg_class on oid = starelid and relnamespace = 'public'::regnamespace
    ) form
"""
_EMPTY = """
    do $$
    declare
        found record;
    begin
        perform set_config('session_replication_role', 'replica', true);
        for found in select tablename from pg_tables where schemaname = 'public' and tablename not like '%yoyo%' loop
            execute format('delete from %I', found.tablename);
        end loop;
        for found in select sequencename from pg_sequences where schemaname = 'public' and last_value is not null loop
            execute format('alter sequence %I restart', found.sequencename);
        end loop;
    end $$
"""
_END_OTHERS = """
    select pg_terminate_backend(pid, 10000) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
"""


class Databases:
    """Lends databases of one server, whose `postgres` user may do everything."""

    def __init__(self, server_url: str) -> None:
        self._server_url = server_url
        self._template = f"kolofon_template_{uuid4().hex}"
        self._clean: list[str] = []
        self._form = ""

    async def prepare(self) -> None:
        """Make the template that the others are copied from."""
        await self._administer(f"create database {self._template}")
        template = with_database(self._server_url, self._template)
        await asyncio.to_thread(migrate, template)
        connection = await asyncpg.connect(template)
        self._form = await connection.fetchval(_FORM)
        await connection.close()

    async def lend(self) -> str:
        """The name of a migrated and empty database."""
        if self._clean:
            return self._clean.pop()
        name = f"kolofon_test_{uuid4().hex}"
        await self._administer(f"create database {name} template {self._template}")
        return name

    async def take_back(self, name: str) -> None:
        """Empty a database for the next, or throw it away."""
        connection = await asyncpg.connect(self.url(name))
        await connection.execute(_END_OTHERS)
        is_as_made = await self._has_form_of_new(connection)
        if is_as_made:
            await connection.execute(_EMPTY)
            self._clean.append(name)
        await connection.close()
        if not is_as_made:
            await self._administer(f"drop database {name} with (force)")

    async def _has_form_of_new(self, connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
        try:
            return bool(await connection.fetchval(_FORM) == self._form)
        except asyncpg.UndefinedTableError:
            return False

    async def remove(self) -> None:
        """Leave nothing behind on the server."""
        for name in (*self._clean, self._template):
            await self._administer(f"drop database {name} with (force)")

    def url(self, name: str) -> str:
        """The URL of a database."""
        return with_database(self._server_url, name)

    async def _administer(self, command: str) -> None:
        administrator = await asyncpg.connect(self._server_url)
        await administrator.execute(command)
        await administrator.close()


def with_database(url: str, name: str) -> str:
    """The URL with another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
