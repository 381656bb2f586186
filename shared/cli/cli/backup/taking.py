"""A backup as it is taken: four snapshots of one moment, each in a file, and at last the manifest."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from kit import topics

from cli.backup import manifest, servers
from cli.backup.manifest import Manifest, Part, Position
from cli.backup.servers import Servers, Snapshot
from cli.services import SERVICES, administrator
from cli.settings import Settings

Tell = Callable[[str], None]


async def take(settings: Settings, folder: Path, tell: Tell) -> Manifest:
    """Into a folder that is empty, while the city goes on."""
    keys = manifest.references(settings)
    databases = Servers.of(settings)
    positions = await asyncio.to_thread(_positions, settings, tell)
    async with databases.snapshots() as snapshots:
        taken_at = datetime.now(UTC)
        parts = await asyncio.gather(*(_dump(databases, s, snapshots[s], folder) for s in SERVICES))
    taken = Manifest(
        format=manifest.FORMAT,
        taken_at=taken_at,
        finished_at=datetime.now(UTC),
        services=dict(zip(SERVICES, parts, strict=True)),
        keys=keys,
        positions=positions,
    )
    manifest.write(taken, folder)
    return taken


def _positions(settings: Settings, tell: Tell) -> Mapping[str, Position]:
    """Before the snapshots: what they do not have was published behind these."""
    try:
        found = topics.positions(administrator(settings))
    except topics.Refused as error:
        tell(f"Kafka does not answer ({type(error).__name__}): the backup is taken without its positions.")
        return {}
    return {name: Position(topic_id=str(topic_id), ends=ends) for name, (topic_id, ends) in found.items()}


async def _dump(databases: Servers, service: str, snapshot: Snapshot, folder: Path) -> Part:
    file = folder / f"{service}.dump"
    await databases.dump(service, snapshot, file)
    return Part(
        file=file.name,
        bytes=file.stat().st_size,
        sha256=await asyncio.to_thread(manifest.digest_of, file),
        revision=await snapshot.connection.run_sync(servers.revision_of),
        rows=await snapshot.connection.run_sync(servers.count_rows),
    )
