"""Names that Kubernetes accepts, and no others."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from trainstack.spec import names

odd = st.text(st.sampled_from("aZ09-_./:@ \n\u00e9"), max_size=70)


def fits(kind: Any, value: str) -> bool:
    try:
        return bool(TypeAdapter(kind).validate_python(value) == value)
    except ValidationError:
        return False


def qualified(value: str) -> bool:
    """A label key, after the rules in Kubernetes' documentation, part by part."""
    prefix, slash, name = value.rpartition("/")
    return (not slash or subdomain(prefix)) and bool(
        1 <= len(name) <= 63
        and re.fullmatch(r"[A-Za-z0-9._-]+", name)
        and name[0].isalnum()
        and name[-1].isalnum()
    )


def label(value: str) -> bool:
    return bool(
        1 <= len(value) <= 63
        and re.fullmatch("[a-z0-9-]+", value)
        and not value.startswith("-")
        and not value.endswith("-")
    )


def subdomain(value: str) -> bool:
    return len(value) <= 253 and all(
        part
        and re.fullmatch("[a-z0-9-]+", part)
        and not part.startswith("-")
        and not part.endswith("-")
        for part in value.split(".")
    )


@given(odd)
def test_namespace(value: str) -> None:
    assert fits(names.Namespace, value) == label(value)


@given(odd)
def test_run_names_start_with_a_letter_since_services_do(value: str) -> None:
    assert fits(names.Label, value) == (label(value) and not value[:1].isdecimal())


@given(odd)
def test_subdomain(value: str) -> None:
    assert fits(names.Subdomain, value) == subdomain(value)


@given(odd)
def test_label_key(value: str) -> None:
    assert fits(names.LabelKey, value) == qualified(value)


@given(odd)
def test_label_value(value: str) -> None:
    assert fits(names.LabelValue, value) == (value == "" or (qualified(value) and "/" not in value))


@given(odd)
def test_device(value: str) -> None:
    assert fits(names.ExtendedResource, value) == ("/" in value and qualified(value))


@pytest.mark.parametrize(
    "image",
    [
        "train",
        "train:latest",
        "library/train:1.0",
        "registry.example/team/train",
        "registry.example:5000/team/train:V1.0_x",
        "localhost:5000/train",
        "Registry.Example/train",
        "train@sha256:" + "0" * 64,
        "registry.example/a__b/c-d.e:1@sha256:" + "f" * 64,
    ],
)
def test_image(image: str) -> None:
    assert fits(names.Image, image)


@pytest.mark.parametrize(
    "image",
    [
        "",
        "Train",
        "registry.example/Train",
        "train:",
        ":1",
        "train:a:b",
        "a//b",
        "/train",
        "train/",
        "train@sha256:abc",
        "train@md5:" + "0" * 32,
        "my train",
        "train\n",
        "https://registry.example/train",
        "-train",
        "a..b/c",
        "train:" + "x" * 129,
    ],
)
def test_no_image(image: str) -> None:
    assert not fits(names.Image, image)


@pytest.mark.parametrize(
    ("key", "good"),
    [("a", True), ("tls.crt", True), ("..a", False), ("..", False), (".", False), ("a/b", False)],
)
def test_data_key(key: str, good: bool) -> None:
    assert fits(names.DataKey, key) is good


@pytest.mark.parametrize(
    ("path", "good"), [("/", True), ("/a/b c", True), ("a", False), ("", False), ("/a:b", False)]
)
def test_path(path: str, good: bool) -> None:
    assert fits(names.AbsolutePath, path) is good


@pytest.mark.parametrize(
    ("name", "good"), [("A_1", True), ("_a", True), ("1A", False), ("A-B", False), ("", False)]
)
def test_environment_name(name: str, good: bool) -> None:
    assert fits(names.EnvName, name) is good
