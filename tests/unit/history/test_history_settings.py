"""A stack's settings as an earlier update had them."""

from __future__ import annotations

from typing import Any

import pytest

from trainstack.history.settings_then import Setting, differences, settings_then
from trainstack.spec.model import TrainstackError

SECURE = {"secure": "AAAB"}
FILE = {
    "encryptionsalt": "v1:salt",
    "config": {"shop:lr": "0.5", "epochs": "3", "shop:token": SECURE},
}


def test_values_are_those_of_then_and_secrets_those_of_the_file() -> None:
    recorded = {"shop:lr": "0.1", "shop:token": None, "shop:layers": [64, 10]}
    assert settings_then(FILE, recorded, "shop") == {
        "encryptionsalt": "v1:salt",
        "config": {"shop:layers": [64, 10], "shop:lr": "0.1", "shop:token": SECURE},
    }


def test_a_secret_that_is_gone() -> None:
    with pytest.raises(TrainstackError, match="pulumi config set --secret shop:other"):
        settings_then(FILE, {"shop:other": None}, "shop")


@pytest.mark.parametrize(
    ("recorded", "different"),
    [
        ({"shop:lr": "0.5", "shop:epochs": "3", "shop:token": None}, ()),
        (
            {"shop:lr": "0.1", "shop:token": None, "shop:new": "x"},
            (Setting("shop:epochs", None), Setting("shop:lr", "0.1"), Setting("shop:new", "x")),
        ),
    ],
)
def test_differences(recorded: dict[str, Any], different: tuple[Setting, ...]) -> None:
    assert differences(FILE, recorded, "shop") == different
