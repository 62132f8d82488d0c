"""What a job says of its end when `up` does not wait for that."""

from __future__ import annotations

from typing import Any, NoReturn

import pulumi

from .spec.model import TrainstackError


class NotWaited(pulumi.Output[Any]):
    """The same Output, mostly None; to look for something in it raises `TrainstackError`."""

    def __init__(self, output: pulumi.Output[Any], message: str) -> None:
        super().__init__(output.resources(), output.future(), output.is_known(), output.is_secret())
        self._message = message

    def __getitem__(self, key: Any) -> NoReturn:
        raise TrainstackError(self._message)


class NoneWhileSuspended(pulumi.Output[Any]):
    """An Output of None; so is whatever is looked for in it."""

    def __init__(self, output: pulumi.Output[None]) -> None:
        super().__init__(output.resources(), output.future(), output.is_known(), output.is_secret())

    def __getitem__(self, key: Any) -> pulumi.Output[Any]:
        return self
