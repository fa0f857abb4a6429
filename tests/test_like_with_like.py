"""What lives at the last checkpoint, lives there in every script: else some would pay for what others have dropped."""

import ast
from collections.abc import Iterator

import pytest

from bench.scripts import ALTERNATIVES, EVERYTHING, OF_PANDAS, PROJECT
from common import LAST_CHECKPOINT

# What has another name in another stack.
SAME = {"cursor": "result", "connection": "session", "database": "session"}
COMMON = {"result", "session", "row"}
EXPECTED = {
    # Columns are no objects: there is no loop, and the table is what is kept.
    "alternatives.run_sync_adbc_arrow": {"result", "session", "table"},
    "alternatives.run_sync_polars_adbc": {"result", "session", "table"},
    # Tortoise keeps its pool under no name of the script's, and Piccolo no connection after the query.
    "alternatives.run_async_tortoise": {"result", "row"},
    "alternatives.run_async_tortoise_values_list": {"result", "row"},
    "alternatives.run_async_piccolo": {"result", "row"},
    "alternatives.run_async_piccolo_select": {"result", "row"},
}


def bound(node: ast.AST) -> Iterator[str]:
    """Yield the names that a statement binds, those within it included, but for a function's and a class's own."""
    match node:
        case ast.Name(ctx=ast.Store()):
            yield node.id
        case ast.alias(name="connection"):  # Django's, which lives as long as its module
            yield node.name
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.ListComp() | ast.GeneratorExp():
            return
    for child in ast.iter_child_nodes(node):
        yield from bound(child)


def last_checkpoint(node: ast.AST) -> int:
    """Return the line within a node where the last row has been read, else 0."""
    for inner in ast.walk(node):
        match inner:
            case ast.Call(func=ast.Name(id="print_memory_usage"), args=[ast.Constant(value=label)]):
                if label == LAST_CHECKPOINT:
                    return inner.lineno
    return 0


def alive(source: str) -> set[str]:
    """Return what is bound at the last checkpoint, in its function and in the module, by a name alike in all stacks."""
    module = ast.parse(source)
    scopes: list[ast.Module | ast.AsyncFunctionDef] = [module]
    scopes += [node for node in module.body if isinstance(node, ast.AsyncFunctionDef) and last_checkpoint(node)]
    before = [statement for scope in scopes for statement in scope.body if statement.lineno < last_checkpoint(module)]
    names = {name for statement in before for name in bound(statement)}
    deleted = {target for statement in before for target in unbound(statement)}
    return {SAME.get(name, name) for name in names - deleted}


def unbound(statement: ast.stmt) -> set[str]:
    """Return the names that a statement deletes."""
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del)}


def sources() -> dict[str, str]:
    """Return the scripts' texts, but those of pandas': they keep frames, or the last one of these, and no result."""
    compared = [one for one in EVERYTHING + ALTERNATIVES if one not in OF_PANDAS]
    return {one.name: (PROJECT / one.script).read_text(encoding="utf-8") for one in compared}


def test_no_script_drops_what_its_neighbours_keep() -> None:
    for name, source in sources().items():
        names = alive(source)
        expected = EXPECTED.get(name, COMMON)
        assert names & (COMMON | expected) == expected, name
        assert names & {"storage", "rows", "table"}, name


def loops(source: str) -> Iterator[ast.expr]:
    """Yield what the loops over rows and batches read from."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.For | ast.AsyncFor):
            yield node.iter


def test_a_loop_reads_from_what_has_a_name() -> None:
    """Not from a call's result, of which nothing is left once the loop has ended."""
    for script, source in sources().items():
        for read in loops(source):
            names = [node.id for node in ast.walk(read) if isinstance(node, ast.Name)]
            assert len(names) == 1, f"{script}: {ast.unparse(read)}"
            assert SAME.get(names[0], names[0]) in ("result", "batch"), f"{script}: {ast.unparse(read)}"


@pytest.mark.parametrize(
    ("old", "new", "missing"),
    [
        ("for row in result.scalars():", "for row in session.execute(select(DbModel)).scalars():", None),
        (
            'print_memory_usage("Result iteration end")',
            'del result\nprint_memory_usage("Result iteration end")',
            "result",
        ),
        ("    result = session", "    found = session", "result"),
    ],
)
def test_a_script_that_drops_its_result_is_found(old: str, new: str, missing: str | None) -> None:
    source = (PROJECT / "run_sync_sqlalchemy_session.py").read_text(encoding="utf-8")
    assert old in source
    changed = source.replace(old, new)
    if missing:
        assert missing not in alive(changed)
    else:
        assert "session" in [node.id for node in ast.walk(next(loops(changed))) if isinstance(node, ast.Name)]
