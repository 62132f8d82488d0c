"""Job objects that a namespace has, by their labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

_NOT_FOUND = 404
_SECONDS = 30


def labelled(
    api: ApiClient, namespace: str, of: tuple[str, str], labels: str, seconds: int = _SECONDS
) -> Iterator[dict[str, Any]]:
    """The objects of an API version and kind that a selector chooses; none where it is not served.

    Raises `ApiException`, or urllib3's errors for a cluster that does not answer in `seconds`.
    """
    from kubernetes.client import CustomObjectsApi
    from kubernetes.client.exceptions import ApiException

    api_version, kind = of
    group, version = api_version.split("/")
    try:
        listed = CustomObjectsApi(api).list_namespaced_custom_object(
            *(group, version, namespace, f"{kind.lower()}s"),
            label_selector=labels,
            _request_timeout=seconds,
        )
    except ApiException as error:
        if error.status == _NOT_FOUND:
            return
        raise
    for manifest in listed["items"]:
        yield {"apiVersion": api_version, "kind": kind, **manifest}
