"""The clouds' own packages, which are loaded when a pool is made."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from ..spec.model import TrainstackError

_EXTRAS = {"pulumi_aws": "aws", "pulumi_azure_native": "azure", "pulumi_gcp": "gcp"}


def load(package: str, module: str, where: str) -> ModuleType:
    """A module of the package.

    Raises `TrainstackError` that names the extra when the package is not installed.
    """
    try:
        import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        raise TrainstackError(
            f"{where}: its package is not installed: pip install 'trainstack[{_EXTRAS[package]}]'"
        ) from None
    return import_module(f"{package}.{module}")
