from snncc.runtime import host as machine


def test_facts_of_this_machine():
    facts = machine.machine()
    assert facts["processor"]
    assert facts["memory_gib"] > 0.1
    assert machine.versions()["python"].startswith("3.")


def test_what_is_not_there_is_said_to_be_missing(tmp_path, monkeypatch):
    assert machine.package_version("no-such-distribution") == "missing"
    assert not machine.is_importable("no_such_module.at.all")
    assert not machine.is_loadable("no_such_module.at.all")
    assert machine.git_commit(tmp_path) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine.gpus() == ()


def test_what_is_there():
    assert machine.is_importable("numpy")
    assert machine.is_loadable("numba.np.ufunc.workqueue")
