"""The claims hold with the oldest versions that are allowed, too, or say since which version they do."""

import html
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fasteners import InterProcessLock  # type: ignore[import-untyped]

from bench.environments import ENVIRONMENTS, ORIGINAL, Combination, NoWheelsError, install
from bench.errors import UserError
from tests.support import PROJECT, TIMEOUT

# What the pages say of behaviour, and of bytes that a library decides and not Python alone. The figures of the
# scenarios, in test_observations.py, are those of the lock's versions, which the pages name.
CLAIMS = (
    *("batches", "collections", "copying", "eager_loading", "expiring", "growing", "identity_map", "loading_less"),
    *(
        "models",
        "prepared_statements",
        "psycopg",
        "relationships",
        "round_trips",
        "transactions",
        "workers",
        "upserts",
        "writing",
    ),
)
SOME = {
    "entities": (
        "one_whole_entity_before_them_avoids_it",
        "one_entity_with_all_its_relationships_before_them_avoids_it",
    ),
    "observations": (
        "sqlalchemy_imports_its_driver_when_an_engine_is_made",
        "observation_2_model_construct_of_a_row_sets_no_field",
    ),
    "values": (
        "an_integer_takes_what_its_digits_take_decimal_ones_of_a_text_and_binary_ones_else",
        "the_keys_of_a_jsonb_are_new_in_each_row_and_shared_by_other_decoders",
        "sqlalchemy_takes_another_decoder_for_an_engine",
        "inet_with_a_mask_is_an_interface_and_a_cidr_a_network",
        "mapped_enum_is_one_text_for_each_label",
    ),
}
PACKAGES = ("sqlalchemy", "psycopg", "pydantic", "greenlet")


@pytest.fixture(scope="session")
def oldest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with nothing but the oldest packages: what tests with them comes from this environment."""
    combination = Combination(f"{sys.version_info.major}.{sys.version_info.minor}", ORIGINAL)
    ENVIRONMENTS.mkdir(exist_ok=True)
    try:
        with InterProcessLock(ENVIRONMENTS / f"{combination.folder.name}.lock"):
            install(combination, str(Path(sys.base_prefix) / "bin" / f"python{combination.python}"))
    except (NoWheelsError, UserError) as error:
        pytest.skip(f"no environment with the oldest versions: {error}")
    folder = tmp_path_factory.mktemp("oldest") / "site-packages"  # by which what is installed is known
    folder.mkdir()
    [packages] = combination.folder.glob("lib/python*/site-packages")
    for path in packages.iterdir():
        if path.name.lower().startswith(PACKAGES):
            (folder / path.name).symlink_to(path)
    return folder


def test_claims_hold_with_the_oldest_versions(oldest: Path) -> None:
    files = [f"tests/claims/test_{name}.py" for name in CLAIMS]
    files += [f"tests/claims/test_{name}.py::test_{claim}" for name, claims in SOME.items() for claim in claims]
    process = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files],
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": str(oldest)},
        capture_output=True,
        text=True,
        timeout=5 * TIMEOUT,
    )
    assert process.returncode == 0, process.stdout


def test_the_oldest_versions_are_those_that_are_allowed(oldest: Path) -> None:
    allowed = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    found = {path.name.removesuffix(".dist-info").lower() for path in oldest.glob("*.dist-info")}
    for package in PACKAGES:
        [version] = [name.removeprefix(f"{package}-") for name in found if name.startswith(f"{package}-")]
        assert f">={version}," in allowed, package


def printed(packages: str, *command: str | Path) -> Any:
    """Return what a Python prints as JSON that finds these packages before its own."""
    environment = os.environ | {"PYTHONPATH": packages}
    return json.loads(subprocess.check_output([sys.executable, *command], env=environment, text=True))


def test_models_are_counted_with_the_oldest_versions_as_with_the_newest(oldest: Path, tmp_path: Path) -> None:
    """Both by the file and by the code of the page."""
    page = (PROJECT / "docs" / "index.html").read_text(encoding="utf-8")
    [code] = re.findall(r'<code id="count-code">(.+?)</code>', page, re.DOTALL)
    model = 'class Own(pydantic.BaseModel):\n    a: int\n    b: str = pydantic.Field("", description="b")\n'
    pasted = tmp_path / "pasted.py"
    pasted.write_text(f"import pydantic\n{model}{html.unescape(code)}", encoding="utf-8")
    counter = PROJECT / "bench" / "studies" / "worker" / "count.py"
    for packages in ("", str(oldest)):
        none, one = (
            printed(packages, counter, f"import pydantic\n{text}")["counts"] for text in ("pydantic.BaseModel", model)
        )
        by_page = printed(packages, pasted)
        for name, number in {"model": 1, "field": 2, "default": 1, "description": 1}.items():
            assert one[name] - none[name] == by_page[name] == number, (packages, name)
