"""The repository root is the package: what pyproject.toml says and what lies there agree."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from fnmatch import fnmatch
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
ROOMS = ("ir", "frontend", "backends", "runtime")
STANDARD = set(sys.stdlib_module_names)


def sources() -> list[Path]:
    """The .py files of the package, relative to the root."""
    inner = [p for room in ROOMS for p in (ROOT / room).rglob("*.py")]
    return sorted(p.relative_to(ROOT) for p in [*ROOT.glob("*.py"), *inner])


def imports(path: Path) -> set[str]:
    """The top-level names of the absolute imports of a file, also those inside functions."""
    tree = ast.parse((ROOT / path).read_text())
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names


def requirements(lines: list[str]) -> set[str]:
    return {re.split(r"[<>=!~\[; ]", line)[0] for line in lines}


EXTRAS = PROJECT["project"]["optional-dependencies"]
MODULES = {
    "cuda-bindings": "cuda",
    "numba-cuda": "numba_cuda",
    "pillow": "PIL",
}  # where the names differ
CORE = requirements(PROJECT["project"]["dependencies"])
OPTIONAL = {
    MODULES.get(name, name)
    for extra in ("plot", "onnx", "images", "nir", "mapping", "cuda")
    for name in requirements(EXTRAS[extra]) - CORE
}


def test_both_cuda_extras_bring_the_same() -> None:
    assert requirements(EXTRAS["cuda"]) == requirements(EXTRAS["cuda12"]) <= set(MODULES) | CORE
    assert set(EXTRAS["cuda"]) - {"cuda-bindings>=13"} <= set(EXTRAS["dev"])


def test_packages_are_the_folders() -> None:
    folders = {p.parent for room in ROOMS for p in (ROOT / room).rglob("__init__.py")}
    found = {"snncc"} | {".".join(("snncc", *f.relative_to(ROOT).parts)) for f in folders}
    listed = PROJECT["tool"]["setuptools"]["packages"]
    assert sorted(listed) == sorted(found)


def test_every_module_lies_in_a_package() -> None:
    orphans = [p for p in sources() if not (ROOT / p.parent / "__init__.py").exists()]
    assert orphans == []


def test_every_data_file_is_shipped() -> None:
    """What git tracks inside the rooms is Python, or matches a pattern of package-data."""
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["*"]
    packages = {Path(*name.split(".")[1:]) for name in PROJECT["tool"]["setuptools"]["packages"]}
    for path in (p for room in ROOMS for p in (ROOT / room).rglob("*")):
        if path.is_dir() or path.suffix in (".py", ".pyc", ".nbi", ".nbc"):
            continue
        inside = path.relative_to(ROOT)
        owner = next(p for p in inside.parents if p in packages)
        assert any(fnmatch(str(inside.relative_to(owner)), p) for p in patterns), inside


def test_the_core_depends_on_what_it_imports() -> None:
    used = set().union(*map(imports, sources())) - STANDARD
    assert used <= CORE | OPTIONAL, "an import without a requirement"
    assert used >= CORE, "a requirement that nothing imports"


def test_extras_are_imported_lazily() -> None:
    """`import snncc.<anything>` works without any extra."""
    for path in sources():
        tree = ast.parse((ROOT / path).read_text())
        top = ast.Module([n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)], [])
        assert not {
            name
            for node in top.body
            for name in (
                [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""] * (node.level == 0)
            )
            if name.partition(".")[0] in OPTIONAL
        }, path


def test_the_root_imports_nothing_of_ours() -> None:
    """The root __init__.py is imported by every tool that walks the checkout."""
    tree = ast.parse((ROOT / "__init__.py").read_text())
    found = [n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
    assert {ast.unparse(n).split()[1] for n in found} == {"__future__", "typing"}


def test_tests_are_no_package() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_installed_files_are_only_the_package() -> None:
    """What pip put into site-packages: `snncc`, its dist-info, and the command."""
    shipped = {str(p) for p in _installed() if p.parts[0] == "snncc" and p.suffix == ".py"}
    assert shipped == {str(Path("snncc", p)) for p in sources()}
    heads = {p.parts[0] for p in _installed() if p.parts[0] != ".."}
    assert {h for h in heads if not h.endswith(".dist-info")} == {"snncc"}
    assert {p.name for p in _installed() if p.parts[0] == ".."} == {"snncc"}


def _installed() -> list[Path]:
    """The files of the installed distribution; a build also leaves an egg-info in the checkout."""
    found = [d for d in metadata.distributions(name="snncc") if d.read_text("RECORD")]
    if not found:
        pytest.skip("snncc is not installed: running from the checkout")
    files = found[0].files or []
    if any("__editable__" in f.name for f in files):
        pytest.skip("snncc is installed as editable")
    return [Path(f) for f in files if "__pycache__" not in f.parts]


@pytest.mark.slow
def test_wheel_holds_only_the_package(tmp_path: Path) -> None:
    """Slow, and needs the package index for the build back end."""
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(tmp_path), "."]
    subprocess.run(command, cwd=ROOT, check=True, stdin=subprocess.DEVNULL)
    (wheel,) = tmp_path.glob("snncc-*.whl")
    names = [Path(n) for n in zipfile.ZipFile(wheel).namelist()]
    assert {n.parts[0] for n in names if not n.parts[0].endswith(".dist-info")} == {"snncc"}
    assert {str(n) for n in names if n.suffix == ".py"} == {
        str(Path("snncc", p)) for p in sources()
    }
    assert Path("snncc/py.typed") in names


@pytest.mark.slow
@pytest.mark.xdist_group("any")
def test_one_worker_runs_a_group(request: pytest.FixtureRequest) -> None:
    """Else workers compile the same kernels beside each other: pytest-xdist tells a group by the
    name of a test, which a newer pytest may keep elsewhere."""
    if request.config.getoption("loadgroup", False):
        assert request.node.nodeid.endswith("@any")
