"""Scripts as functions: what lies below their start of tracing, measured where they measure."""

import ast

from bench.scripts import PROJECT, Scenario
from common import LAST_CHECKPOINT


class _Open(ast.NodeTransformer):
    """Leaves open what a script has open at the last row, and returns all its variables there: they live on, too."""

    def visit_With(self, node: ast.With) -> ast.stmt | list[ast.stmt]:
        return self._opened(node, "{} = ({}).__enter__()")

    def visit_AsyncWith(self, node: ast.AsyncWith) -> ast.stmt | list[ast.stmt]:
        return self._opened(node, "{} = await ({}).__aenter__()")

    def _opened(self, node: ast.With | ast.AsyncWith, opening: str) -> ast.stmt | list[ast.stmt]:
        if repr(LAST_CHECKPOINT) not in ast.unparse(node):  # it is closed by then, which is part of the peak
            return node
        self.generic_visit(node)
        lines = [
            opening.format(item.optional_vars and ast.unparse(item.optional_vars), ast.unparse(item.context_expr))
            for item in node.items
        ]
        return [*(_statement(line) for line in lines), *node.body]

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        return (
            _statement("return locals()") if ast.unparse(node) == f"print_memory_usage({LAST_CHECKPOINT!r})" else node
        )


def _statement(line: str) -> ast.stmt:
    """Return a line as a statement, where `await` and `return` may stand."""
    function = ast.parse(f"async def main():\n    {line}").body[0]
    assert isinstance(function, ast.AsyncFunctionDef)
    return function.body[0]


def as_function(scenario: Scenario) -> str:
    """Return a module whose function `main` does what a script does once it has begun to trace."""
    body = ast.parse((PROJECT / scenario.script).read_text(encoding="utf-8")).body
    begin = next(number for number, line in enumerate(body) if ast.unparse(line) == "start_tracing()")
    imports = [line for line in body[:begin] if "print_memory_usage(" not in ast.unparse(line)]
    rest: list[ast.stmt] = _Open().visit(ast.Module(body[begin + 1 :], [])).body
    ends = next(n for n, line in enumerate(rest) if isinstance(line, ast.AsyncFunctionDef | ast.Return))
    if isinstance(rest[ends], ast.Return):
        main = ast.parse("def main(): ...").body[0]
        assert isinstance(main, ast.FunctionDef)
        main.body = rest[: ends + 1]
        rest = [main]
    else:
        rest = rest[: ends + 1]
    return ast.unparse(ast.fix_missing_locations(ast.Module([*imports, *rest], [])))
