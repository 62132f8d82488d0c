"""What is known of a function before it is ever imported."""

from __future__ import annotations

import ast

import pytest

from trainstack.spec.function import definition, imported, misfit


def parameters(source: str) -> ast.arguments | None:
    return definition(ast.parse(source), "main")


@pytest.mark.parametrize(
    ("signature", "inputs", "why"),
    [
        ("", [], None),
        ("lr", ["lr"], None),
        ("lr, epochs=3", ["lr"], None),
        ("lr, epochs=3", ["lr", "epochs"], None),
        ("lr, *, seed", ["lr", "seed"], None),
        ("lr, *, seed=1", ["lr"], None),
        ("*args, lr=1", ["lr"], None),
        ("**rest", ["anything"], None),
        ("lr, **rest", ["lr", "more"], None),
        ("lr=1, /", [], None),
        ("lr=1, /, **rest", ["lr"], None),
        ("lr", [], "requires 'lr'"),
        ("a, b, c=1", ["b"], "requires 'a'"),
        ("a, *, b, c=1", [], "requires 'a', 'b'"),
        ("lr, epochs=3", ["lr", "epoch"], "does not take 'epoch'"),
        ("lr, epochs=3", ["epoch"], "requires 'lr'; does not take 'epoch'"),
        ("*args", ["args"], "does not take 'args'"),
        ("lr, /", ["lr"], "does not take 'lr'; cannot be given by name 'lr'"),
        ("lr, /", [], "cannot be given by name 'lr'"),
    ],
)
def test_inputs_and_signature(signature: str, inputs: list[str], why: str | None) -> None:
    found = parameters(f"def main({signature}): ...")
    assert found is not None
    said = dict.fromkeys(inputs, 1)
    assert misfit(found, said) == why
    call = f"def main({signature}): ...\nmain(**{said})"
    if why is None:
        exec(call, {})
    else:
        with pytest.raises(TypeError):
            exec(call, {})


@pytest.mark.parametrize(
    "source",
    [
        "@wraps\ndef main(lr): ...",
        "main = other",
        "main: object = other",
        "from other import main",
        "from other import train as main",
        "import main",
        "from other import *",
        "if GPU:\n  def main(lr): ...\nelse:\n  def main(rate): ...",
        "def main(lr): ...\nmain = wrapped(main)",
        "for main in all_of_them: ...",
        "with opened() as main: ...",
        "try:\n  from a import main\nexcept ImportError:\n  from b import main",
    ],
)
def test_a_signature_that_cannot_be_known(source: str) -> None:
    assert parameters(source) is None


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("", "defines no function 'main' at top level"),
        ("def mian(): ...", "defines no function 'main' at top level; it defines: mian"),
        ("class A:\n  def main(self): ...", "defines no function 'main' at top level"),
        ("def a():\n  def main(): ...", "defines no function 'main' at top level; it defines: a"),
        ("def a():\n  main = 1", "defines no function 'main' at top level; it defines: a"),
        ("x = [main for main in y]", "defines no function 'main' at top level"),
        ("print(main)", "defines no function 'main' at top level"),
        ("class main: ...", "'main' is a class, not a function"),
        ("async def main(): ...", "'main' is a coroutine; give a function that runs it"),
    ],
)
def test_no_such_function(source: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem.replace("(", r"\(")) as caught:
        parameters(source)
    assert str(caught.value) == problem


def test_what_a_module_imports() -> None:
    source = "import a.b, c as d\nfrom e.f import g\nfrom . import h\ndef x():\n  from ..i import j"
    assert imported(ast.parse(source)) == {"a", "c", "e", "."}
