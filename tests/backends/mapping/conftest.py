"""The kernels of mapping, as Python for quick tests and compiled for slow ones."""

import os

import pytest

from snncc.backends.mapping.load import Kernels, as_python, load_kernels
from snncc.runtime.settings import settings_from


@pytest.fixture(scope="session")
def loops(tmp_path_factory: pytest.TempPathFactory) -> Kernels:
    return as_python(tmp_path_factory.mktemp("loops"))


@pytest.fixture(scope="session")
def compiled() -> Kernels:
    return load_kernels(settings_from(os.environ).kernel_folder)
