import re
from collections import Counter
from importlib import resources

from snncc.backends.mapping.load import FILES, kernel_source


def test_no_kernel_takes_the_place_of_another() -> None:
    """All files become one module."""
    names = Counter(re.findall(r"^def (\w+)", kernel_source("", ""), re.MULTILINE))
    assert [name for name, times in names.items() if times > 1] == []


def test_every_file_of_kernels_is_loaded() -> None:
    folder = resources.files("snncc.backends.mapping").joinpath("kernels")
    found = {f.name for f in folder.iterdir() if f.name.endswith(".py")} - {"__init__.py"}
    assert found == set(FILES)
