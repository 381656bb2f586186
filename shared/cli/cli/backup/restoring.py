"""A restore: everything is looked at before anything is changed, and nobody is let in before all of it is done.

A database that is being restored lets only superusers in (``connection limit 0``). One that is found so was left by a
restore that did not finish, and is begun again.
"""

import asyncio
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from kit import topics
from kit.app import revisions
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from cli.backup import manifest, servers
from cli.backup.forgotten import list_forgotten, write
from cli.backup.manifest import Manifest, Part
from cli.backup.refusal import Refusal
from cli.backup.servers import Servers
from cli.services import SERVICES, administrator, users
from cli.settings import Settings

Tell = Callable[[str], None]


async def restore(settings: Settings, folder: Path, forgotten: Path, tell: Tell) -> None:
    wanted = manifest.read(folder)
    _insist_on_writing(forgotten)
    manifest.insist_on_keys(wanted, settings)
    _insist_on_revisions(wanted)
    await asyncio.to_thread(_insist_on_kafka, settings)
    databases = Servers.of(settings)
    async with databases.connected() as connections:
        for service, connection in connections.items():
            await connection.run_sync(_insist_on_room, service)
        for connection in connections.values():
            await connection.run_sync(servers.close)
        for service, connection in connections.items():
            await _load(databases, service, connection, wanted.services[service], folder)
            tell(f"{service} is as of {wanted.taken_at.isoformat(timespec='seconds')}.")
        await _forget(settings, wanted, connections, forgotten, tell)
        for connection in connections.values():
            await connection.run_sync(servers.open_)


def _insist_on_writing(file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    except OSError as error:
        raise Refusal(f"{file} cannot be written ({error.strerror}): name another file by --forgotten") from None


def _insist_on_revisions(wanted: Manifest) -> None:
    """Where the services are installed; elsewhere their own readiness says it."""
    for service, part in wanted.services.items():
        if find_spec(service) and part.revision not in revisions.known(service):
            raise Refusal(
                f"{service}'s schema stands at {part.revision} in the backup, which this release does not know: "
                f"restore with the release that made it, or a newer one"
            )


def _insist_on_kafka(settings: Settings) -> None:
    try:
        topics.positions(administrator(settings))
    except topics.Refused:
        raise Refusal(
            "Kafka does not answer: start it, empty or as it survived, or set KAFKA_BOOTSTRAP_SERVERS"
        ) from None


def _insist_on_room(connection: Connection, service: str) -> None:
    if lacking := servers.lacking_roles(connection, service):
        raise Refusal(f"the server lacks {', '.join(lacking)}: lay the roles first, as for a new installation")
    if servers.is_closed(connection):
        return
    if others := servers.others_connected(connection):
        raise Refusal(f"{service}'s database is in use by {', '.join(others)}: stop every process of the city first")
    if servers.is_used(connection):
        raise Refusal(f"{service}'s database is in use by a city: restore into an empty one")


async def _load(databases: Servers, service: str, connection: AsyncConnection, part: Part, folder: Path) -> None:
    await connection.run_sync(servers.empty)
    await databases.load(service, folder / part.file)
    rows = await connection.run_sync(servers.count_rows)
    if differing := sorted(table for table in {*rows, *part.rows} if rows.get(table) != part.rows.get(table)):
        raise Refusal(f"{service}: {', '.join(differing)} came back with other counts of rows than the manifest says")
    await connection.run_sync(servers.begin_epoch)


async def _forget(
    settings: Settings, wanted: Manifest, connections: dict[str, AsyncConnection], file: Path, tell: Tell
) -> None:
    """What Kafka has and the databases have not is listed and then gone, so that nobody takes half of it again.

    Topics are laid anew: relays send their log again, and consumers begin at its start (ADR 2).
    """
    found = await list_forgotten(administrator(settings), wanted, connections)
    await asyncio.to_thread(write, found, file)
    if found:
        tell(f"{len(found)} events were published after the backup and are lost: {file} lists them.")
    else:
        tell("Kafka has nothing that was published after the backup.")
    await asyncio.to_thread(topics.begin_anew, administrator(settings), users(settings))
    tell(f"{len(SERVICES)} databases are restored; topics are laid anew. Start the city, then `baiyang reconcile`.")
