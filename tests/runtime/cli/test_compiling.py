import json

import pytest
import small_kernel

from snncc.backends.artifact.model import open_model


def test_compile_writes_a_package(snncc, tiny, tmp_path):
    status, out, _ = snncc("compile", tiny)
    assert status == 0
    assert "74 neurons, 640 synapses, 640 parameters" in out
    package = open_model(tmp_path / "tiny.snnpkg")
    assert package.model.weights("image->digit").shape == (64, 10)
    assert abs(package.model.weights("image->digit")).max() <= 0.1


def test_compile_into_a_folder_with_a_parameter_and_a_seed(snncc, tiny, tmp_path):
    assert snncc("compile", tiny, "-D", "gain=0.5", "--seed", 3, "--out", "net")[0] == 0
    package = open_model(tmp_path / "net")
    assert package.model.seed == 3
    assert 0.4 < abs(package.model.weights("image->digit")).max() <= 0.5


def test_equal_commands_give_equal_bytes(snncc, tiny, tmp_path):
    for name in ("a", "b"):
        snncc("compile", tiny, "--out", f"{name}.snnpkg")
    assert (tmp_path / "a.snnpkg").read_bytes() == (tmp_path / "b.snnpkg").read_bytes()


def test_compile_warns_of_a_target_that_cannot_work(snncc, answer, tiny):
    tiny.write_text(tiny.read_text().replace("target = 3", "target = 4"))
    status, _, err = snncc("compile", tiny)
    assert (status, err.count("warning[W050]")) == (0, 1)
    (document,) = answer("compile", tiny)
    assert [w["code"] for w in document["warnings"]] == ["W050"]
    # A package has no train block to warn of.
    assert snncc("compile", "tiny.snnpkg", "--out", "copy.snnpkg")[2] == ""


def test_emit_ir_writes_no_package(snncc, tiny, tmp_path):
    status, out, _ = snncc("compile", tiny, "--emit", "ir")
    assert status == 0
    assert "population image input (64)" in out
    assert not (tmp_path / "tiny.snnpkg").exists()


def test_print_after(snncc, tiny):
    _, _, err = snncc("compile", tiny, "--print-after", "schedule")
    assert err.count("# after ") == 1
    _, _, err = snncc("compile", tiny, "--print-after", "all")
    assert err.count("# after ") > 2


@pytest.mark.parametrize(
    "wrong",
    [
        ("--print-after", "nonsense"),
        ("-D", "gain"),
        ("--emit", "wasm"),
        ("--seed", "-1"),
        ("--unknown",),
    ],
)
def test_wrong_usage(snncc, tiny, wrong):
    assert snncc("compile", tiny, *wrong)[0] == 2


@pytest.mark.parametrize(
    ("wrong", "code"),
    [(("-D", "gian=1"), "E012"), (("--target", "abacus"), "E070"), (("--network", "x"), "E010")],
)
def test_wrong_programs(snncc, tiny, wrong, code):
    status, _, err = snncc("compile", tiny, *wrong)
    assert status == 1
    assert f"error[{code}]" in err


def test_inspect_says_what_others_leave_unsaid(answer, tiny):
    (document,) = answer("inspect", tiny)
    assert document["network"]["dt_ms"] == 1.0
    assert document["network"]["parameters"] == 640
    _, digit = document["populations"]
    assert document["network"]["threshold_tested"] == "once a step, after all of its input"
    assert document["network"]["most_spikes_per_step"] == 1
    assert digit["phases"] == {
        "decay": ["v", "c"],
        "deliver": ["c"],
        "integrate": ["v"],
        "hold": ["v"],
        "threshold": [],
        "reset": ["v"],
        "refractory": ["refractory_left"],
    }
    assert (digit["threshold"], digit["comparison"]) == ("v - v_th > -1e-06", ">")
    assert (digit["reset"], digit["reset_kinds"]) == ("v = 0", {"v": "to zero"})
    assert digit["emission"] == "a spike"
    assert digit["refractory_steps"] == 2
    assert digit["method"] == "euler"
    assert document["projections"][0]["delay_steps"] == 0


def test_inspect_says_how_what_is_sent_is_brought(answer, tmp_path):
    (tmp_path / "n.snn").write_text(
        "network n { input x[1, 4, 4] encode current(duration = 5 ms)\n"
        "  population c : lif  x -> c : conv2d(channels = 2, kernel = 3)\n"
        "  population p : linear  c -> p : pool2d(kernel = 2)\n"
        "  output y[3] : lif  p -> y : dense }\n"
    )
    (document,) = answer("inspect", "n.snn")
    found = {p["name"]: (p["brought_by"], p["delivery"]) for p in document["projections"]}
    assert found == {
        "x->c": ("sum a sample", "a sum a sample, 72 multiply-adds"),
        "c->p": ("events", "events, 1 additions each"),
        "p->y": ("sums", "a sum a step, 6 multiply-adds"),
    }
    (first, *_) = document["projections"]
    assert (first["additions_an_event"], first["multiply_adds_a_sum"]) == (4.5, 72)


def test_inspect_of_other_neurons(answer, snncc, tmp_path):
    (tmp_path / "n.snn").write_text(
        "neuron m { state v: mV = 0 mV  on input { v = v + i }  emit 2 * v }\n"
        "neuron g { state v: mV = 0 mV  on input { v = v + i }  spike when not (v < 1 mV)\n"
        "  on spike { v = v - 1 mV } }\n"
        "network n { input x[2] encode poisson(duration = 5 ms, rate = 20 Hz)\n"
        "  population y[2] : m  x -> y : dense  population z[2] : g\n"
        "  population l[2] : linear  x -> l : dense }\n"
    )
    (document,) = answer("inspect", "n.snn")
    _, reads, gated, linear = document["populations"]
    assert (reads["phases"], reads["emission"]) == ({"deliver": ["v"]}, "2 * v")
    assert (reads["threshold"], reads["comparison"], reads["reset_kinds"]) == ("", None, {})
    assert (gated["comparison"], gated["reset_kinds"]) == (None, {"v": "by subtraction of 1"})
    out = snncc("inspect", "n.snn")[1]
    assert "never spikes; emits 2 * v\n" in out
    assert linear["phases"] == {}
    assert "l: keeps nothing from step to step\n  never spikes; emits i\n" in out
    assert "spikes when not(v < 1) (no single margin); reset v by subtraction of 1" in out


def test_inspect_says_what_synapses_hold(snncc, tmp_path):
    (tmp_path / "n.snn").write_text(
        "synapse plain { on pre { emit weight } }\n"
        "synapse held { state u: 1 = 0  on pre { emit weight * u  u = u + 1 } }\n"
        "network n { source s[2] : regular(period = 2 ms)  population h[2] : lif\n"
        "  s -> h : dense via plain  as a  s -> h : dense via held  as b }\n"
    )
    out = snncc("inspect", "n.snn")[1]
    assert "a: synapses plain, each holds nothing; on pre\n" in out
    assert "b: synapses held, each holds u; on pre\n" in out


def test_inspect_tells_the_unit_of_a_parameter(answer, snncc, tmp_path):
    """Values are coherent: 20 Hz is 0.02 kHz; arguments of rows keep the unit of their row."""
    (tmp_path / "n.snn").write_text(
        "neuron m { param f: Hz = 20 Hz  param a: 1 = 3  state v: mV = 0 mV\n"
        "  dv/dt = a * i * f  spike when v > 1 mV }\n"
        "network n { input x[2] encode poisson(duration = 5 ms, rate = 20 Hz)\n"
        "  population y[2] : m  x -> y : dense }\n"
    )
    (document,) = answer("inspect", "n.snn")
    coded, counted = document["populations"]
    assert counted["parameters"] == {"f": 0.02, "a": 3.0}
    assert counted["units"] == {"f": "kHz", "a": "1"}
    assert "rate = 20" in coded["encoding"]
    assert "f = 0.02 kHz, a = 3\n" in snncc("inspect", "n.snn")[1]


def test_inspect_says_what_a_source_fires(answer, snncc, tmp_path):
    path = tmp_path / "fed.snn"
    path.write_text(
        "network n { source bg[3] : poisson(rate = 8 kHz)  population e[3] : lif\n"
        "  bg -> e : dense }"
    )
    (document,) = answer("inspect", path)
    source, _ = document["populations"]
    assert (source["role"], source["model"]) == ("source", "source")
    assert source["fires"] == "poisson(rate = 8000)"
    assert "bg: fires by poisson(rate = 8000)" in snncc("inspect", path)[1]


def test_inspect_of_a_package_says_the_same(answer, snncc, tiny):
    snncc("compile", tiny)
    assert answer("inspect", "tiny.snnpkg") == answer("inspect", tiny)


def test_a_package_cannot_be_changed(snncc, tiny):
    snncc("compile", tiny)
    status, _, err = snncc("inspect", "tiny.snnpkg", "-D", "gain=1")
    assert status == 1
    assert "compiled already" in err


def test_a_package_compiles_for_a_target_with_its_own_weights(snncc, tiny, tmp_path):
    snncc("compile", tiny, "--seed", 5, "-D", "gain=0.5")
    assert snncc("compile", "tiny.snnpkg", "--out", "other.snnpkg")[0] == 0
    first, other = (open_model(tmp_path / f"{name}.snnpkg") for name in ("tiny", "other"))
    assert (other.model, other.data) == (first.model, first.data)
    assert other.model.seed == 5
    _, out, _ = snncc("compile", "tiny.snnpkg", "--emit", "ir")
    assert out == snncc("compile", tiny, "--emit", "ir", "-D", "gain=0.5")[1]


def test_a_package_is_not_compiled_into_itself(snncc, tiny, tmp_path):
    snncc("compile", tiny)
    before = (tmp_path / "tiny.snnpkg").read_bytes()
    status, _, err = snncc("compile", "tiny.snnpkg")
    assert status == 2
    assert "--out" in err
    assert (tmp_path / "tiny.snnpkg").read_bytes() == before
    assert snncc("compile", "tiny.snnpkg", "--seed", 1, "--out", "x.snnpkg")[0] == 1


def test_inspect_for_people(snncc, tiny):
    status, out, _ = snncc("inspect", tiny)
    assert status == 0
    assert "refractory 2 steps" in out
    assert "dense" in out


def test_a_damaged_package(snncc, tiny, tmp_path):
    snncc("compile", tiny)
    content = bytearray((tmp_path / "tiny.snnpkg").read_bytes())
    content[200] ^= 1
    (tmp_path / "tiny.snnpkg").write_bytes(content)
    status, _, err = snncc("inspect", "tiny.snnpkg")
    assert status == 1
    assert "error[E060]" in err


@pytest.fixture
def quick_kernels(monkeypatch):
    """Kernels that compile quickly, whatever the network."""
    monkeypatch.setattr(
        "snncc.backends.trainers.cuda_kernels.kernel_program", small_kernel.kernel_program
    )


@pytest.mark.slow
def test_the_gpus_kernels_need_no_gpu(snncc, answer, quick_kernels, tiny, tmp_path):
    status, out, err = snncc("compile", tiny, "--target", "gpu", "--arch", "sm_90")
    assert (status, err) == (0, "")
    assert "74 neurons" in out
    package = open_model(tmp_path / "tiny.snnpkg")
    assert package.target == "gpu"
    assert sorted(package.extras) == ["kernels.ptx", "launch.json", "train.ptx"]
    (document,) = answer("inspect", "tiny.snnpkg")
    assert document["network"]["target"] == "gpu"
    assert document["kernels"] == json.loads(package.extras["launch.json"])
    _, out, _ = snncc("inspect", "tiny.snnpkg")
    assert "kernels for sm_90" in out
    assert "train.ptx" in out


@pytest.mark.slow
def test_kernels_are_covered_by_the_checksums(snncc, quick_kernels, tiny, tmp_path):
    snncc("compile", tiny, "--target", "gpu", "--arch", "sm_80", "--out", "net")
    for name in ("kernels.ptx", "train.ptx", "launch.json"):
        path = tmp_path / "net" / name
        whole = path.read_bytes()
        path.write_bytes(whole[:-2] + b" \n")
        status, _, err = snncc("inspect", "net")
        assert status == 1
        assert "error[E060]" in err
        path.write_bytes(whole)
    assert snncc("inspect", "net")[0] == 0


@pytest.mark.slow
def test_without_a_gpu_the_architecture_is_remarked(snncc, quick_kernels, tiny, monkeypatch):
    monkeypatch.setattr("snncc.backends.cuda.launch.arch_here", lambda: None)
    status, _, err = snncc("compile", tiny, "--target", "gpu")
    assert status == 0
    assert err == "no GPU here: compiled for sm_80; --arch names another\n"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--arch", "sm_80"), "target cpu has none"),
        (("--target", "gpu", "--arch", "sm_12"), "choose from sm_75"),
    ],
)
def test_architectures_belong_to_a_target(snncc, tiny, words, why):
    status, _, err = snncc("compile", tiny, *words)
    assert status == 2
    assert why in " ".join(err.replace("│", "").split())


def test_inspect_of_what_has_no_kernels(answer, tiny):
    (document,) = answer("inspect", tiny)
    assert document["kernels"] is None


def test_emit_and_out_together(snncc, tiny, tmp_path):
    status, out, err = snncc(
        "compile", tiny, "--emit", "ir", "--out", "net", "--print-after", "schedule"
    )
    assert status == 0
    assert out.startswith("snnir 2")
    assert "neurons" not in out.splitlines()[-1]
    assert err.count("# after ") == 1
    assert (tmp_path / "net" / "manifest.json").is_file()


def test_machines_get_the_ir_as_json(answer, snncc, tiny):
    (document,) = answer("compile", tiny, "--emit", "ir")
    assert document == {"ir": snncc("compile", tiny, "--emit", "ir")[1]}
    ir, package = answer("compile", tiny, "--emit", "ir", "--out", "net")
    assert ir == document
    assert package["package"] == "net"


@pytest.mark.parametrize("path", [".", "./", ""])
def test_the_current_folder_may_become_a_package(snncc, tiny, tmp_path, monkeypatch, path):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    for _ in range(2):
        assert snncc("compile", tiny, "--out", path)[0] == 0
    assert snncc("inspect", ".")[0] == 0


def test_a_strangers_folder_is_not_replaced(snncc, tiny, tmp_path):
    (tmp_path / "ext" / "src").mkdir(parents=True)
    (tmp_path / "ext" / "manifest.json").write_text("{}")
    (tmp_path / "ext" / "src" / "main.js").write_text("x")
    status, _, err = snncc("compile", tiny, "--out", "ext")
    assert status == 1
    assert "error[E063]" in err
    assert (tmp_path / "ext" / "src" / "main.js").read_text() == "x"


@pytest.mark.parametrize("words", [["inspect"], ["run"], ["plot"], ["eval"], ["compile"]])
def test_programs_of_impossible_names(snncc, words):
    status, _, err = snncc(*words, "n" * 300)
    assert status == 1
    assert "error[E063]" in err


@pytest.mark.parametrize("ending", ["", ".snnpkg"])
def test_packages_of_impossible_names(snncc, tiny, ending):
    status, _, err = snncc("compile", tiny, "--out", "n" * 300 + ending)
    assert status == 1
    assert "error[E063]" in err


def test_a_link_to_itself(snncc, tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    status, _, err = snncc("compile", "loop")
    assert status == 1
    assert "error[E063]" in err


@pytest.mark.parametrize("command", ["compile", "inspect", "run"])
def test_seeds_have_64_bits(snncc, tiny, command):
    status, _, err = snncc(command, tiny, "--seed", 2**64)
    assert status == 2
    assert "--seed" in err


def test_inspecting_quietly(snncc, tiny):
    assert snncc("inspect", tiny, "--quiet") == (0, "", "")
