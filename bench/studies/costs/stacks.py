"""What other stacks cost: a row with each of them, how much stands at the first row, and from when on one pays."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.look.blocks import linked
from bench.look.tables import Column, Table, mib, time
from bench.scripts import ALTERNATIVES, OF_COLUMNS, OF_ENTITIES, OF_PANDAS, OF_ROWS, Scenario
from bench.studies.costs.pairs import Costs
from bench.studies.costs.tables import STACK
from bench.studies.script_costs import ScriptCosts

# The stacks, by what they keep of a row, with those of the original's that the others are compared with.
ENTITY, DRIVER = Scenario("run_sync_sqlalchemy_session"), Scenario("run_sync_psycopg")
STACKS = {
    "entities": (ENTITY, *OF_ENTITIES),
    "rows": (Scenario("run_sync_sqlalchemy_engine"), DRIVER, *OF_ROWS),
    "columns": OF_COLUMNS,
}
# How many rows those have that are looked at where one asks from how many on a fixed cost pays.
MOST_ROWS = 10_000_000


def blocks(costs: Costs) -> dict[str, str]:
    return {
        **{f"stacks-{kind}": compared(costs, kind).markdown() for kind in STACKS},
        "stacks-pandas": frames(costs).markdown(),
        "first-rows": at_the_first_row(costs),
        "pays": pays(costs).markdown(),
        "choices": "\n".join(map(choice, ALTERNATIVES)),
        "arrow": arrow(Rivals(costs["alternatives.run_sync_adbc_arrow"], costs[DRIVER.name])),
    }


def of_kind(costs: Costs, kind: str) -> list[ScriptCosts]:
    """Return the stacks that keep this of a row, from the one whose row takes most to that whose row takes least."""
    return sorted(costs.of(STACKS[kind]), key=lambda stack: -(stack.per_row + (stack.native_per_row or 0)))


def compared(costs: Costs, kind: str) -> Table[ScriptCosts]:
    """Return the table of these stacks, with times as multiples of psycopg's, for only that can be compared."""
    reference = costs[DRIVER.name].seconds.value
    title = f"Time, {DRIVER.short} = 1"
    multiple = Column[ScriptCosts](title, None, lambda stack: f"{stack.seconds.value / reference:.1f}")
    return Table("", [*STACK, multiple], of_kind(costs, kind))


def frames(costs: Costs) -> Table[ScriptCosts]:
    """Return the table of pandas, in the order of the scripts, where the peak says more than what is kept."""
    columns = [
        *STACK[:4],
        Column("Peak, MiB", None, lambda stack: mib(stack.peak.value)),
        *STACK[4:],
        Column[ScriptCosts]("Time, s", None, lambda stack: time(stack.seconds)),
    ]
    return Table("", columns, costs.of(OF_PANDAS))


def at_the_first_row(costs: Costs) -> str:
    stacks = [stack for kind in ("entities", "rows") for stack in of_kind(costs, kind)]
    shares = {stack.scenario.title: stack.first_row_process.value / stack.peak.value for stack in stacks}
    everything = [title for title, share in shares.items() if share > 0.75]
    little = [title for title, share in shares.items() if share < 0.1]
    return (
        f"More than three quarters of the peak stand at the first row with: {'; '.join(everything)}. "
        f"Less than a tenth does with: {'; '.join(little)}."
    )


@dataclass(frozen=True)
class Rivals:
    """A stack, and the original's script that it is compared with."""

    stack: ScriptCosts
    original: ScriptCosts

    @property
    def even(self) -> float:
        """At how many rows both processes are equally large; a negative number is none."""
        saved = (self.original.growth.value - self.stack.growth.value) / self.stack.rows
        return (fixed_cost(self.stack) - fixed_cost(self.original)) / saved if saved else -1.0

    @property
    def original_is_larger(self) -> str:
        """With how many rows the original's process is the larger one."""
        less_fixed = fixed_cost(self.stack) < fixed_cost(self.original)
        if not 0 < self.even < MOST_ROWS:
            return "always" if less_fixed else "never"
        rows = f"{round(self.even, 2 - len(str(int(self.even)))):,.0f} rows"
        return f"up to {rows}" if less_fixed else f"from {rows} on"


def fixed_cost(script: ScriptCosts) -> float:
    """Return all of a process's fixed cost, in bytes: the imports, and the rest."""
    return script.imports + script.fixed


def pays(costs: Costs) -> Table[Rivals]:
    rivals: Sequence[Rivals] = [
        Rivals(stack, costs[(ENTITY if kind == "entities" else DRIVER).name])
        for kind in STACKS
        for stack in of_kind(costs, kind)
        if stack.scenario in ALTERNATIVES
    ]
    columns = [
        Column[Rivals]("Stack", None, lambda rivals: rivals.stack.scenario.title, text=True),
        Column[Rivals]("Fixed cost, MiB", None, lambda rivals: mib(fixed_cost(rivals.stack))),
        Column[Rivals]("Compared with", None, lambda rivals: rivals.original.scenario.short, text=True),
        Column[Rivals]("Its fixed cost, MiB", None, lambda rivals: mib(fixed_cost(rivals.original))),
        Column[Rivals]("Its process is the larger one", None, lambda rivals: rivals.original_is_larger, text=True),
    ]
    return Table("", columns, rivals)


def choice(scenario: Scenario) -> str:
    """Return when to choose a stack, and what one loses, as an item of a list."""
    fields = scenario.fields
    return f"- {linked(scenario)}: {fields['Choose it']} You lose {fields['You lose']}"


def arrow(rivals: Rivals) -> str:
    [look_up] = [after for after in rivals.stack.after_use if after.label == "Looked up by id"]
    return (
        f"Imports included, the fixed cost of Arrow's process is {mib(fixed_cost(rivals.stack))} MiB, that of "
        f"psycopg's {mib(fixed_cost(rivals.original))}: from some {round(rivals.even, -4):,.0f} rows of this table on, "
        f"Arrow's is the smaller one. A table has no index: the first look-up by id takes "
        f"{1000 * look_up.seconds:.1f} ms, and {mib(look_up.added)} MiB for what it loads."
    )
