"""What is printed of the imports: what the process takes before the call, by package and module, and its startup."""

from bench.errors import visible
from bench.look.tables import Column, Table, mib, print_sentence
from bench.nouns import counted
from bench.yours.function.figures import Imports, Startup, line_of, path_of
from common import MIB

# So many rows has each table, and what is smaller than this is not shown.
MOST, LEAST = 6, 0.05 * MIB


def before(imports: Imports) -> None:
    """Print what the process takes before the call, by package."""
    names = sorted(imports.own, key=lambda name: -imports.own[name])
    rows = [(named(name, imports), imports.own[name], imports.all.get(name, 0)) for name in names[:MOST]]
    rest = sum(imports.own[name] for name in names[MOST:])
    other = imports.process - imports.interpreter - sum(imports.own.values())
    rows = [("the interpreter", imports.interpreter, imports.interpreter), *rows]
    if rest + other > LEAST:
        others = f"{counted(len(names[MOST:]), 'other')}, and " if names[MOST:] else ""
        rows.append((f"{others}what lies between", rest + other, rest + other))
    made = imports.counted()
    Table(
        f"Before the call: {mib(imports.process)} MiB{' with ' * bool(made)}{made}",
        [
            Column("Imported", "", lambda row: row[0], text=True),
            Column("Own MiB", "own MiB", lambda row: mib(row[1])),
            Column("With what it imports", "with what it imports", lambda row: mib(row[2])),
        ],
        rows,
    ).print()
    print_modules(imports)


def print_modules(imports: Imports) -> None:
    """Print what the largest of the reader's modules take alone, and what they make: classes, models and routes."""
    modules = sorted(imports.modules, key=lambda name: -imports.modules[name])[:MOST]
    told = [
        f"{visible(name)} {mib(imports.modules[name])} MiB{f' ({made})' if (made := imports.counted(name)) else ''}"
        for name in modules
        if imports.modules[name] > LEAST
    ]
    if told:
        print_sentence(f"\nAlone, with the classes and routes that it makes: {'; '.join(told)}.")


def startup(startup: Startup) -> None:
    """Print what an application's startup takes: the process, what of it is traced, who holds it, and its line."""
    if max(startup.process, startup.after.traced if startup.after else 0) < MIB:
        return
    text = f"\nThe startup: {startup.seconds:.2f} s, {mib(startup.process)} MiB more"
    if startup.after and startup.after.traced >= MIB:
        holder = startup.grown[0] or path_of(startup.holder)
        line, size = startup.after.lines[0]
        text += f"; objects take {mib(startup.after.traced)} MiB{', held by ' * bool(holder)}{visible(holder)}"
        if line[0] and 2 * size > startup.after.traced:
            text += f", most of it added at {line_of(line)}"
    print_sentence(f"{text}.")


def named(package: str, imports: Imports) -> str:
    return f"{package} (yours)" if package in imports.readers else package
