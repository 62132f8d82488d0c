"""Checkpoints in an S3 bucket, by way of a local folder."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from .root import StorageError, StorageRefusalError

FILES_AT_ONCE = 8
MOST_KEYS = 1000
"""That one request can delete."""
REFUSALS = {
    "403",
    "AccessDenied",
    "AuthorizationHeaderMalformed",
    "InvalidAccessKeyId",
    "InvalidBucketName",
    "NoSuchBucket",
    "PermanentRedirect",
    "SignatureDoesNotMatch",
}
"""Codes of answers that stay the same, however often one asks."""


@dataclass(frozen=True)
class Bucket:
    """A `Root` at `s3://bucket/prefix`; what is staged or fetched lies in `local`."""

    url: str
    local: Path
    endpoint: str | None = None
    region: str | None = None

    def names(self, folder: str) -> list[str]:
        """What lies directly in a folder; nothing where there is none."""
        prefix = self._key(folder) + "/"
        with self._explained(folder):
            pages = self._pages(prefix, Delimiter="/")
            keys = [
                found
                for page in pages
                for found in (
                    *(item["Prefix"] for item in page.get("CommonPrefixes", [])),
                    *(item["Key"] for item in page.get("Contents", [])),
                )
            ]
        names = (key.removeprefix(prefix).rstrip("/") for key in keys)
        return sorted(name for name in names if name)

    def read(self, path: str) -> bytes | None:
        """A file, if it is there."""
        with self._explained(path):
            try:
                found = self._client.get_object(Bucket=self._bucket, Key=self._key(path))
                return bytes(found["Body"].read())
            except self._client.exceptions.NoSuchKey:
                return None

    def write(self, path: str, content: bytes) -> None:
        """Write a file; an object is there whole or not at all."""
        with self._explained(path):
            self._client.put_object(Bucket=self._bucket, Key=self._key(path), Body=content)

    def first(self, path: str, content: bytes) -> bytes:
        """Write a file unless it is there; what is there then."""
        with self._explained(path):
            try:
                self._client.put_object(
                    Bucket=self._bucket, Key=self._key(path), Body=content, IfNoneMatch="*"
                )
            except self._client.exceptions.ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] not in (409, 412):
                    raise
                return self.read(path) or content
        return content

    def lasting(self, folder: str) -> Path | None:
        """None: a bucket is no folder."""
        return None

    def stage(self, folder: str) -> Path:
        """A new local folder, so that ranks of one pod do not upload each other's files."""
        self.local.mkdir(parents=True, exist_ok=True)
        for left in self.local.glob("saving-*"):
            _, pid, born, *_ = f"{left.name}--".split("-")
            if born != _born(pid):
                shutil.rmtree(left, ignore_errors=True)
        own = os.getpid()
        return Path(tempfile.mkdtemp(prefix=f"saving-{own}-{_born(str(own))}-", dir=self.local))

    def put(self, path: str, local: Path) -> None:
        """Upload a file, or all that is in a folder."""
        files = [file for file in [local, *local.rglob("*")] if file.is_file()]

        def upload(file: Path) -> None:
            key = self._key((Path(path) / file.relative_to(local)).as_posix())
            client.upload_file(str(file), self._bucket, key)

        with self._explained(path):
            client = self._client
            self._each(upload, files)

    def keep(self, folder: str, staged: Path) -> None:
        """Upload all of it, and remove the local files, whether or not that went well."""
        try:
            self.put(folder, staged)
        finally:
            self.drop_part(staged)

    def drop(self, folder: str, staged: Path) -> None:
        """Forget what was staged, all of it."""
        self.drop_part(staged)

    def drop_part(self, staged: Path) -> None:
        """Forget this rank's part, which lies in a folder of its own."""
        shutil.rmtree(staged, ignore_errors=True)

    def fetch(self, folder: str) -> Path:
        """Download all of it, once for all ranks of a pod, in place of what was fetched before."""
        target = self.local / "fetched" / folder
        self.local.mkdir(parents=True, exist_ok=True)
        with (self.local / "fetching").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not target.is_dir():
                shutil.rmtree(self.local / "fetched", ignore_errors=True)
                self._download(folder, target)
        return target

    def remove(self, path: str) -> None:
        """Remove a file or a folder, if it is there."""
        with self._explained(path):
            found = [self._key(path), *self._keys(self._key(path) + "/")]
            for first in range(0, len(found), MOST_KEYS):
                keys = [{"Key": key} for key in found[first : first + MOST_KEYS]]
                answer = self._client.delete_objects(
                    Bucket=self._bucket, Delete={"Objects": keys, "Quiet": True}
                )
                if errors := answer.get("Errors"):
                    said = f"{self.url}/{path}: {errors[0].get('Message')}"
                    raise _failure(errors[0].get("Code"), said)

    def _download(self, folder: str, target: Path) -> None:
        prefix = self._key(folder) + "/"
        new = self.local / "fetched" / "new"
        new.mkdir(parents=True)

        def download(key: str) -> None:
            path = (new / key.removeprefix(prefix)).resolve()
            if not path.is_relative_to(new.resolve()):
                raise StorageError(f"{self.url}: the key {key!r} leads out of its folder")
            path.parent.mkdir(parents=True, exist_ok=True)
            self._client.download_file(self._bucket, key, str(path))

        with self._explained(folder):
            self._each(download, [key for key in self._keys(prefix) if not key.endswith("/")])
        target.parent.mkdir(parents=True, exist_ok=True)
        new.rename(target)

    def _keys(self, prefix: str) -> list[str]:
        pages = self._pages(prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def _pages(self, prefix: str, **rest: str) -> Any:
        paginator = self._client.get_paginator("list_objects_v2")
        return paginator.paginate(Bucket=self._bucket, Prefix=prefix, **rest)

    @staticmethod
    def _each(work: Any, items: list[Any]) -> None:
        with ThreadPoolExecutor(FILES_AT_ONCE) as pool:
            for _ in pool.map(work, items):
                pass

    @property
    def _bucket(self) -> str:
        return self.url.removeprefix("s3://").partition("/")[0]

    def _key(self, path: str) -> str:
        prefix = self.url.removeprefix("s3://").partition("/")[2].strip("/")
        return f"{prefix}/{path}" if prefix else path

    @property
    def _client(self) -> Any:
        return _connected(self.endpoint, self.region, os.getpid())

    @contextmanager
    def _explained(self, path: str) -> Iterator[None]:
        """Errors of boto3 as ours."""
        try:
            from boto3.exceptions import Boto3Error
            from botocore import exceptions as botocore
        except ImportError:
            raise StorageRefusalError(f"{self.url}: boto3 is not in the image") from None
        refused = (
            botocore.NoCredentialsError,
            botocore.ParamValidationError,
            botocore.PartialCredentialsError,
            ValueError,
        )
        try:
            yield
        except (Boto3Error, botocore.BotoCoreError, botocore.ClientError, ValueError) as error:
            where = "/".join(part for part in (self.url.rstrip("/"), path) if part)
            if isinstance(error, refused):
                raise StorageRefusalError(f"{where}: {error}") from error
            raise _failure(_code(error), f"{where}: {error}") from error


def _failure(code: str | None, said: str) -> OSError:
    return StorageRefusalError(said) if code in REFUSALS else StorageError(said)


def _code(error: Exception) -> str | None:
    """The store's own, which an upload wraps into a sentence."""
    if answer := getattr(error, "response", None):
        return str(answer.get("Error", {}).get("Code"))
    found = re.search(r"An error occurred \((\w+)\)", str(error))
    return found[1] if found else None


def _born(pid: str) -> str:
    """When the process that has this number began, in the kernel's ticks; empty without one."""
    try:
        said = Path("/proc", pid, "stat").read_text()
    except OSError:
        return ""
    return said.rpartition(")")[2].split()[19]


@cache
def _connected(endpoint: str | None, region: str | None, _process: int) -> Any:
    """A client of this process: a forked one makes its own."""
    import boto3
    from botocore.config import Config

    ours = {
        # Stores that only speak S3 know neither virtual hosts nor the newer checksums.
        "s3": {"addressing_style": "path"},
        "request_checksum_calculation": "when_required",
        "response_checksum_validation": "when_required",
    }
    retries = {"mode": "standard", "max_attempts": 5}
    config = Config(retries=retries, **(ours if endpoint else {}))
    return boto3.client("s3", endpoint_url=endpoint, region_name=region, config=config)
