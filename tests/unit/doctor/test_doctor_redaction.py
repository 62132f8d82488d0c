"""No secret leaves with what the doctor collects."""

from __future__ import annotations

from typing import Any

import pytest

from trainstack.doctor.redaction import REMOVED, Redaction

POD = {
    "spec": {
        "containers": [
            {
                "name": "pytorch",
                "args": ["--api-key", "hunter2hunter2", "--password=geheim99", "--lr=0.1"],
                "env": [
                    {"name": "WANDB_API_KEY", "value": "plain-secret-value"},
                    {"name": "LR", "value": "0.1"},
                    {"name": "TOKEN", "value": "$(HUB_TOKEN)"},
                    {
                        "name": "HUB_TOKEN",
                        "valueFrom": {"secretKeyRef": {"name": "hub", "key": "token"}},
                    },
                ],
            }
        ]
    },
    "metadata": {
        "managedFields": [{"manager": "kubectl"}],
        "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": "WANDB_API_KEY=plain-secret-value",
            "note": "see https://me:pass1234@git.example/x",
        },
    },
}


def test_an_object() -> None:
    assert Redaction([POD]).object(POD) == {
        "spec": {
            "containers": [
                {
                    "name": "pytorch",
                    "args": ["--api-key", REMOVED, f"--password={REMOVED}", "--lr=0.1"],
                    "env": [
                        {"name": "WANDB_API_KEY", "value": REMOVED},
                        {"name": "LR", "value": "0.1"},
                        {"name": "TOKEN", "value": "$(HUB_TOKEN)"},
                        {
                            "name": "HUB_TOKEN",
                            "valueFrom": {"secretKeyRef": {"name": "hub", "key": "token"}},
                        },
                    ],
                }
            ]
        },
        "metadata": {"annotations": {"note": f"see {REMOVED}.example/x"}},
    }


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("the value is plain-secret-value!", f"the value is {REMOVED}!"),
        ("HF_TOKEN=abc123 other=1", f"HF_TOKEN={REMOVED} other=1"),
        ('{"api_key": "abc123", "lr": 0.1}', f'{{"api_key": "{REMOVED}", "lr": 0.1}}'),
        ("password: geheim", f"password: {REMOVED}"),
        ("Authorization: Bearer abcdefghijkl", f"Authorization: Bearer {REMOVED}"),
        ("key AKIAABCDEFGHIJKLMNOP end", f"key {REMOVED} end"),
        ("sk-" + "a" * 48, REMOVED),
        ("hf_" + "a" * 34, REMOVED),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----\nafter",
            f"{REMOVED}\nafter",
        ),
        ("-----BEGIN PRIVATE KEY-----\nMIIE", REMOVED),
        ("loss=0.5 lr=0.1 tokens=12", "loss=0.5 lr=0.1 tokens=12"),
        ("2026-01-31T10:00:00Z step: 3", "2026-01-31T10:00:00Z step: 3"),
    ],
)
def test_a_text(text: str, left: str) -> None:
    assert Redaction([POD]).text(text) == left


@pytest.mark.parametrize("value", [None, 1, True, 0.5, [], {}])
def test_plain_values_stay(value: Any) -> None:
    assert Redaction([]).object({"token": value}) == {"token": value}
