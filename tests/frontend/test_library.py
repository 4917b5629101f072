from __future__ import annotations

from pathlib import Path

from refusal import refused

from snncc.frontend.program import load_program, survey_file

CELL = "neuron {name} {{ param tau: ms = {tau} ms state v: mV = 0 mV on input {{ v = v + i }}\
 dv/dt = -v / tau spike when v > 1 mV }}\n"
USE = "network n {{ input x[2] encode bernoulli(duration = 4 ms) population h[2] : {model} }}\n"


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.snn").write_text(text)
    return folder / "main.snn"


def model_of(path: Path) -> tuple[str, dict[str, float]]:
    h = load_program(path).graph.population("h")
    assert h.model is not None
    return h.model.name, dict(h.parameters)


def codes(path: Path) -> list[str]:
    return [d.code for d in survey_file(path).diagnostics]


def test_an_import_brings_what_the_file_defines(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "cells.snn").write_text(CELL.format(name="mine", tau=7))
    main = write(tmp_path, main='import "sub/cells.snn"\n' + USE.format(model="mine"))
    assert model_of(main) == ("mine", {"tau": 7.0})


def test_an_import_does_not_bring_what_the_file_imports(tmp_path: Path) -> None:
    main = write(
        tmp_path,
        cells=CELL.format(name="mine", tau=7),
        between='import "cells.snn"\nneuron again = mine(tau = 9 ms)\n',
        main='import "between.snn"\n' + USE.format(model="mine"),
    )
    assert codes(main) == ["E010"]


def test_a_definition_is_read_in_the_names_of_its_own_file(tmp_path: Path) -> None:
    main = write(
        tmp_path,
        cells=CELL.format(name="mine", tau=7),
        between='import "cells.snn"\nneuron again = mine(tau = 9 ms)\n',
        main='import "between.snn"\n' + USE.format(model="again"),
    )
    assert model_of(main) == ("mine", {"tau": 9.0})


def test_a_file_may_be_reached_twice(tmp_path: Path) -> None:
    main = write(
        tmp_path,
        cells=CELL.format(name="mine", tau=7),
        other='import "cells.snn"\n',
        main='import "cells.snn"\nimport "other.snn"\nimport "cells.snn"\n'
        + USE.format(model="mine"),
    )
    assert codes(main) == []


def test_a_cycle_is_named(tmp_path: Path) -> None:
    main = write(
        tmp_path,
        a='import "b.snn"\n',
        b='import "a.snn"\n',
        main='import "a.snn"\n' + USE.format(model="lif"),
    )
    (error,) = survey_file(main).diagnostics
    assert error.code == "E004"
    assert "a.snn -> b.snn -> a.snn" in error.message
    assert error.span is not None
    assert error.span.source.name.endswith("b.snn")


def test_a_clash_between_files_shows_both(tmp_path: Path) -> None:
    main = write(
        tmp_path,
        cells=CELL.format(name="mine", tau=7),
        main='import "cells.snn"\n' + CELL.format(name="mine", tau=8) + USE.format(model="mine"),
    )
    (error,) = survey_file(main).diagnostics
    assert error.code == "E011"
    sources = [error.span, *(note.span for note in error.related)]
    assert sorted(Path(s.source.name).name for s in sources if s) == ["cells.snn", "main.snn"]


def test_a_neuron_may_take_the_name_of_one_of_the_prelude(tmp_path: Path) -> None:
    main = write(tmp_path, main=CELL.format(name="lif", tau=3) + USE.format(model="lif"))
    assert model_of(main) == ("lif", {"tau": 3.0})


def test_mistakes_of_an_imported_file_are_shown_there(tmp_path: Path) -> None:
    main = write(tmp_path, cells="neuron {", main='import "cells.snn"\n' + USE.format(model="lif"))
    first = refused("E001", load_program, main)
    assert first.span is not None
    assert first.span.source.name.endswith("cells.snn")


def test_a_broken_model_is_reported_once(tmp_path: Path) -> None:
    wrong = "neuron bad { state v: mV = 0 mV spike when w > 1 mV }\n"
    text = wrong + USE.format(model="bad").replace("}\n", "population g[2] : bad }\n")
    assert codes(write(tmp_path, main=text)) == ["E010"]


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "main.snn"
    path.write_bytes(b"\xff\xfe\x00")
    (error,) = survey_file(path).diagnostics
    assert (error.code, "UTF-8" in error.message) == ("E063", True)
    (tmp_path / "other.snn").write_text('import "main.snn"\n')
    assert codes(tmp_path / "other.snn") == ["E003"]


def test_a_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "main.snn"
    path.write_bytes(b"\xef\xbb\xbf" + USE.format(model="lif").replace(" {", " {\r\n").encode())
    assert codes(path) == []


def test_a_file_has_so_many_imports(tmp_path: Path) -> None:
    """However many of them are of one file: each is looked for."""
    (tmp_path / "cells.snn").write_text(CELL.format(name="mine", tau=7))
    text = 'import "cells.snn"\n' * 300 + USE.format(model="mine")
    (mistake,) = survey_file(write(tmp_path, main=text)).diagnostics
    assert mistake.code == "E005"
    assert mistake.span is not None
    assert mistake.span.source.position(mistake.span.start)[0] == 201
