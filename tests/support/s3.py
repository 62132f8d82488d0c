"""A real HTTP server that speaks S3."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

BUCKET = "runs"
KEYS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_SECRET_ACCESS_KEY": "test",
}


@dataclass(frozen=True)
class S3:
    """The server, with an empty bucket."""

    endpoint: str

    @property
    def client(self) -> Any:
        """Access from outside of a run."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def env(self, folder: object, prefix: str = "team") -> dict[str, str]:
        """What a pod is told of a checkpoint there."""
        return {
            **KEYS,
            "TRAINSTACK_CHECKPOINT_ENDPOINT": self.endpoint,
            "TRAINSTACK_CHECKPOINT_FOLDER": str(folder),
            "TRAINSTACK_CHECKPOINT_REGION": "us-east-1",
            "TRAINSTACK_CHECKPOINT_URL": f"s3://{BUCKET}/{prefix}",
        }

    def objects(self) -> list[str]:
        """All that the bucket has."""
        found = self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return [item["Key"] for item in found]


@contextmanager
def s3_server(host: str = "127.0.0.1") -> Iterator[S3]:
    """A server on this address, with the bucket `runs`."""
    server = ThreadedMotoServer(ip_address=host, port=0, verbose=False)
    server.start()
    try:
        s3 = S3(f"http://{host}:{server.get_host_and_port()[1]}")
        s3.client.create_bucket(Bucket=BUCKET)
        yield s3
    finally:
        server.stop()
