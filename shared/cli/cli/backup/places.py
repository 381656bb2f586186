"""Where a backup lies: a folder, or a prefix of a bucket that speaks S3 (``s3://bucket/prefix``).

A bucket is filled from a folder, and read into one: what is verified is what is restored.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cli.backup import manifest
from cli.backup.refusal import Refusal

if TYPE_CHECKING:
    from obstore.store import ObjectStore


@contextmanager
def to_fill(place: str) -> Iterator[Path]:
    """An empty folder whose files are at the place when it ends well, the manifest after all others."""
    if not _is_bucket(place):
        yield _empty_folder(Path(place))
        return
    store = _store_of(place)
    with _answering(place):
        _insist_on_nothing(store, place)
    with tempfile.TemporaryDirectory(prefix="baiyang-backup-") as folder:
        yield Path(folder)
        with _answering(place):
            send(Path(folder), store)


@contextmanager
def to_read(place: str) -> Iterator[Path]:
    if not _is_bucket(place):
        yield Path(place)
        return
    with tempfile.TemporaryDirectory(prefix="baiyang-backup-") as folder:
        with _answering(place):
            fetch(_store_of(place), Path(folder))
        yield Path(folder)


def send(folder: Path, store: "ObjectStore") -> None:
    import obstore

    for file in sorted(folder.iterdir(), key=lambda file: (file.name == manifest.NAME, file.name)):
        obstore.put(store, file.name, file)


def fetch(store: "ObjectStore", folder: Path) -> None:
    import obstore

    for found in obstore.list_with_delimiter(store)["objects"]:
        with (folder / found["path"].rpartition("/")[2]).open("wb") as file:
            for chunk in obstore.get(store, found["path"]).stream():
                file.write(chunk)


def _is_bucket(place: str) -> bool:
    return place.startswith("s3://")


def _store_of(place: str) -> "ObjectStore":
    """Credentials, region and address by the usual variables (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, …)."""
    from obstore.store import S3Store

    return S3Store.from_url(place)


@contextmanager
def _answering(place: str) -> Iterator[None]:
    from obstore.exceptions import BaseError

    try:
        yield
    except BaseError as error:
        why = str(error).split("\n", maxsplit=1)[0]
        raise Refusal(f"{place} does not answer as it should: look at AWS_ENDPOINT_URL and its keys ({why})") from None


def _insist_on_nothing(store: "ObjectStore", place: str) -> None:
    import obstore

    if obstore.list_with_delimiter(store)["objects"]:
        raise Refusal(f"{place} is not empty: name another place, each backup has its own")


def _empty_folder(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(folder.iterdir()):
        raise Refusal(f"{folder} is not empty: name another place, each backup has its own")
    return folder
