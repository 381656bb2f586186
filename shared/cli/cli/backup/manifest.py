"""What a backup says of itself, written last: a folder without it is no backup."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from contracts.envelope import Moment
from kit.crypto import KeyRing
from pydantic import BaseModel, ConfigDict

from cli.backup.refusal import Refusal
from cli.services import SERVICES
from cli.settings import Settings

FORMAT = 1
NAME = "manifest.json"
_RINGS = ("SERVICE_KEYS", "TRANSPORT_KEYS")


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True)


class Part(_Said):
    """One service's database, as of one snapshot."""

    file: str
    bytes: int
    sha256: str
    revision: str
    rows: Mapping[str, int]
    """By table, those of all its partitions together."""


class KeyReference(_Said):
    """A key that is needed to read what was backed up; the key itself is kept elsewhere."""

    setting: str
    id: str
    fingerprint: str


class Position(_Said):
    """Where a topic ended just before the snapshots; its id, since another topic may bear the name later."""

    topic_id: str
    ends: tuple[int, ...]
    """By partition."""


class Manifest(_Said):
    format: int
    taken_at: Moment
    """The four snapshots: nothing was taken from Kafka between the first and the last of them."""
    finished_at: Moment
    services: Mapping[str, Part]
    keys: tuple[KeyReference, ...]
    positions: Mapping[str, Position]
    """Empty where Kafka did not answer."""


def write(manifest: Manifest, folder: Path) -> None:
    beside = folder / f".{NAME}"
    beside.write_text(manifest.model_dump_json(indent=1))
    beside.replace(folder / NAME)


def read(folder: Path) -> Manifest:
    """The manifest of a backup that is whole: each file is there as it was written."""
    manifest = _parse(folder / NAME)
    for part in manifest.services.values():
        _insist_on_whole(folder / part.file, part)
    return manifest


def _parse(file: Path) -> Manifest:
    try:
        said = json.loads(file.read_bytes())
        if said["format"] != FORMAT:
            raise Refusal(f"the backup is of format {said['format']}, not {FORMAT}: take the release that made it")
        return Manifest.model_validate(said)
    except FileNotFoundError:
        raise Refusal(f"{NAME} is not there: it is no backup, or one that did not finish; name another") from None
    except (ValueError, KeyError, TypeError):  # pydantic's error is a ValueError
        raise Refusal(f"{NAME} is damaged: name another backup") from None


def _insist_on_whole(file: Path, part: Part) -> None:
    if not file.exists():
        raise Refusal(f"{file.name} is missing: the backup is not whole; name another")
    if file.stat().st_size != part.bytes or digest_of(file) != part.sha256:
        raise Refusal(f"{file.name} is damaged: it is not what {NAME} says; fetch it again, or name another backup")


def digest_of(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def references(settings: Settings) -> tuple[KeyReference, ...]:
    """Every key of every ring, by its fingerprint."""
    return tuple(
        KeyReference(setting=setting, id=key_id, fingerprint=ring.fingerprint(key_id))
        for setting, ring in _rings(settings)
        for key_id in ring.ids
    )


def insist_on_keys(manifest: Manifest, settings: Settings) -> None:
    """Refuse what could be restored and never be read."""
    have = {(key.setting, key.id): key.fingerprint for key in references(settings)}
    for wanted in manifest.keys:
        found = have.get((wanted.setting, wanted.id))
        if found is None:
            raise Refusal(
                f"{wanted.setting} lacks key {wanted.id}, under which the backup is sealed: add it to the ring"
            )
        if found != wanted.fingerprint:
            raise Refusal(
                f"{wanted.setting} has another key {wanted.id} than the backup was sealed under "
                f"(fingerprint {found}, not {wanted.fingerprint}): put that one there"
            )


def _rings(settings: Settings) -> Iterator[tuple[str, KeyRing]]:
    for service in SERVICES:
        for name in _RINGS:
            setting = f"{service.upper()}_{name}"
            given = settings[setting] if name == "SERVICE_KEYS" else settings.get(setting)
            if given:
                yield setting, _ring(setting, given)


def _ring(setting: str, given: str) -> KeyRing:
    try:
        return KeyRing.parse(given)
    except ValueError as error:
        raise Refusal(f"{setting}: {error}") from None
