"""What can be known of a function without importing it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

_LONGEST_SIGNATURE = 200
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_SCOPES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def definition(tree: ast.Module, name: str) -> ast.arguments | None:
    """The parameters of a module's function, None where they cannot be known.

    Raises `ValueError` when the module does not define it at top level.
    """
    bindings = [node for bound, node in _bindings(tree.body) if bound in (name, "*")]
    if not bindings:
        known = sorted({n for n, node in _bindings(tree.body) if isinstance(node, ast.FunctionDef)})
        hint = f"; it defines: {', '.join(known)}" if known else ""
        raise ValueError(f"defines no function {name!r} at top level{hint}")
    if len(bindings) > 1:
        return None
    (found,) = bindings
    if isinstance(found, ast.ClassDef):
        raise ValueError(f"{name!r} is a class, not a function")
    if isinstance(found, ast.AsyncFunctionDef):
        raise ValueError(f"{name!r} is a coroutine; give a function that runs it")
    if isinstance(found, ast.FunctionDef) and not found.decorator_list:
        return found.args
    return None


def misfit(parameters: ast.arguments, inputs: Mapping[str, Any]) -> str | None:
    """Why a function cannot be called with these inputs by name, or None.

    >>> misfit(ast.parse("def f(lr, epochs=3): ...").body[0].args, {"epoch": 1})
    "requires 'lr'; does not take 'epoch'"
    """
    positional = [*parameters.posonlyargs, *parameters.args]
    optional = {arg.arg for arg in positional[len(positional) - len(parameters.defaults) :]}
    defaults = zip(parameters.kwonlyargs, parameters.kw_defaults, strict=True)
    optional |= {arg.arg for arg, default in defaults if default is not None}
    named = [arg.arg for arg in (*parameters.args, *parameters.kwonlyargs)]
    unnamed = [arg.arg for arg in parameters.posonlyargs if arg.arg not in optional]
    missing = [name for name in named if name not in optional and name not in inputs]
    unknown = [] if parameters.kwarg else sorted(set(inputs) - set(named))
    parts = [
        ("requires", missing),
        ("does not take", unknown),
        ("cannot be given by name", unnamed),
    ]
    return "; ".join(f"{why} {_listed(names)}" for why, names in parts if names) or None


def signature(name: str, parameters: ast.arguments) -> str:
    """As it is written, shortened when it is long."""
    text = f"{name}({ast.unparse(parameters)})"
    return text if len(text) <= _LONGEST_SIGNATURE else text[: _LONGEST_SIGNATURE - 2] + "…)"


def imported(tree: ast.Module) -> set[str]:
    """First parts of all modules that are imported by name; `"."` for a relative import."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." if node.level else (node.module or "").partition(".")[0])
    return found


def _bindings(body: list[Any]) -> Iterator[tuple[str, ast.AST]]:
    """Every name that is bound in the module's own scope, `"*"` for an import of everything."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, _Definition):
            yield node.name, node
            continue
        if isinstance(node, ast.alias):
            yield node.asname or node.name.partition(".")[0], node
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node
        if not isinstance(node, _SCOPES):
            waiting += ast.iter_child_nodes(node)


def _listed(names: list[str]) -> str:
    return ", ".join(map(repr, names))
