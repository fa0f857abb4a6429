"""Code that is advised, run as its reader would run it."""

import ast
from collections.abc import Iterator
from typing import Any


class Collect(ast.NodeTransformer):
    """Puts what keeps the rows where the code leaves its body to the reader."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        if isinstance(node.value, ast.Constant) and node.value.value is ...:
            return ast.parse("found.append(row)").body[0]
        return node


def executed(source: str, **names: Any) -> dict[str, Any]:
    """Run the code with these names and return what it defines; its rows are in `found`."""
    assert max(map(len, source.splitlines())) <= 80
    assert all(char.isprintable() for char in source.replace("\n", ""))
    names |= {"found": []}
    tree = ast.fix_missing_locations(Collect().visit(ast.parse(source)))
    exec(compile(tree, "advice", "exec"), names)
    return names


class Once(list[Any]):
    """A list whose rows are asked for once: who takes its first thousand again and again never comes to an end."""

    asked = False

    def __iter__(self) -> Iterator[Any]:
        assert not self.asked
        self.asked = True
        return super().__iter__()
