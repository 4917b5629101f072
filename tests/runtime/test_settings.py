from pathlib import Path

from snncc.runtime.settings import settings_from, usable_threads


def test_the_named_folder_comes_before_the_cache():
    settings = settings_from({"SNNCC_DATA": "/d", "XDG_CACHE_HOME": "/c", "HOME": "/h"})
    assert settings.folders == (Path("/d"), Path("/c/snncc/data"))
    assert settings.kernel_folder == Path("/c/snncc/kernels")


def test_without_any_variable():
    assert settings_from({"HOME": "/h"}).folders == (Path("/h/.cache/snncc/data"),)


def test_threads():
    assert usable_threads() >= 1
