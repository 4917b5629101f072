"""What rendered expressions compute: each runner takes (expression, columns by name) pairs and
gives the column of each result."""

from __future__ import annotations

import ctypes
import importlib.util
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from snncc.backends.compiled.text.languages import CPU, LANGUAGES, ONNX, VERILOG, C
from snncc.backends.compiled.text.render import cast, render
from snncc.backends.cuda.codegen import _HEAD as CUDA_HEAD
from snncc.backends.exports.objects.code import Code, Value
from snncc.backends.exports.objects.words import (
    INTRINSICS,
    computed,
    product_function,
    quotient_function,
)
from snncc.ir.expr import NUMPY, Expr, Ref, walk
from snncc.ir.types import FLOATS, DType, Fixed, Scalar

Columns = dict[str, np.ndarray[Any, Any]]
Job = tuple[Expr, Columns]
HEAD = """\
import math
import numpy as np
f32, f64, i32 = np.float32, np.float64, np.int32
"""


ELEMENTARY = "from snncc.backends.cpu.elementary import exp32, exprel32, tanh32"


def stored(dtype: Scalar) -> Any:
    """The NumPy type in which values of the type are stored."""
    return np.dtype(dtype.storage) if isinstance(dtype, Fixed) else NUMPY[dtype]


def result_type(dtype: Scalar) -> Any:
    """The NumPy type of a result: codes stay in int64."""
    return np.int64 if isinstance(dtype, Fixed) else NUMPY[dtype]


def read(expr: Expr) -> dict[str, Scalar]:
    """The names that the expression reads, with their types."""
    return {node.name: node.dtype for node in walk(expr) if isinstance(node, Ref)}


def run_python(jobs: Sequence[Job], language: str = "python") -> list[Any]:
    """Each row by Python itself, which neither wraps nor widens."""
    scope: dict[str, Any] = {"jit": lambda function: function}
    head = CUDA_HEAD.replace("@cuda.jit(device=True)\n", "") if language == "cuda" else HEAD
    exec(head + LANGUAGES[language].helpers, scope)  # noqa: S102 - our own text
    return [_by_python(expr, columns, language, scope) for expr, columns in jobs]


def _by_python(expr: Expr, columns: Columns, language: str, scope: dict[str, Any]) -> Any:
    names = {name: f"x{k}" for k, name in enumerate(read(expr))}
    text = f"lambda {', '.join(names.values())}: {render(expr, names, LANGUAGES[language])}"
    function = eval(text, scope)  # noqa: S307 - our own text
    rows = len(next(iter(columns.values())))
    return np.array([function(*(columns[name][n] for name in names)) for n in range(rows)])


def run_numba(jobs: Sequence[Job], folder: Path) -> list[Any]:
    """Each expression in a compiled loop over its columns."""
    lines = [HEAD, ELEMENTARY, "from numba import njit", "jit = njit", CPU.helpers]
    for k, (expr, _) in enumerate(jobs):
        names = {name: f"x{n}" for n, name in enumerate(read(expr))}
        text = render(expr, {name: f"{x}[n]" for name, x in names.items()}, CPU)
        lines += [
            '@njit(error_model="numpy")',
            f"def job_{k}(out, {', '.join(names.values())}):",
            "    for n in range(len(out)):",
            f"        out[n] = {text}",
        ]
    path = folder / "rendered.py"
    path.write_text("\n".join(lines))
    spec = importlib.util.spec_from_file_location("rendered", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    results = []
    for k, (expr, columns) in enumerate(jobs):
        out = np.zeros(len(next(iter(columns.values()))), result_type(expr.dtype))
        getattr(module, f"job_{k}")(out, *(columns[name] for name in read(expr)))
        results.append(out)
    return results


_C_MAIN = """
#include <stdio.h>
typedef union { int64_t i; double d; } slot;
typedef void (*function)(const slot *, slot *);
"""
_C_LOOP = """
int main(void) {
    for (size_t k = 0; k < sizeof jobs / sizeof *jobs; k++)
        for (long n = 0; n < rows[k]; n++) {
            slot in[8], out;
            if (fread(in, sizeof *in, arity[k], stdin) != arity[k]) return 1;
            jobs[k](in, &out);
            if (fwrite(&out, sizeof out, 1, stdout) != 1) return 2;
        }
    return 0;
}
"""
GCC = [
    "gcc", "-std=c99", "-O1", "-Wall", "-Wextra", "-pedantic", "-Werror", "-ffp-contract=off",
    "-fsanitize=undefined", "-fno-sanitize-recover=undefined",
]  # fmt: skip


def run_c(jobs: Sequence[Job], folder: Path) -> list[Any]:
    """A program of one function for each expression, which stops at what C leaves undefined."""
    rows = [len(next(iter(columns.values()))) for _, columns in jobs]
    arity = [len(read(expr)) for expr, _ in jobs]
    lines = [C.helpers, _C_MAIN, *(_c_function(k, expr) for k, (expr, _) in enumerate(jobs))]
    lines.append(
        f"static const function jobs[] = {{{', '.join(f'job_{k}' for k in range(len(jobs)))}}};"
    )
    lines.append(f"static const size_t arity[] = {{{', '.join(map(str, arity))}}};")
    lines.append(f"static const long rows[] = {{{', '.join(map(str, rows))}}};")
    (folder / "rendered.c").write_text("\n".join([*lines, _C_LOOP]))
    subprocess.run([*GCC, "rendered.c", "-o", "rendered", "-lm"], cwd=folder, check=True)
    slots = b"".join(_slots(expr, columns) for expr, columns in jobs)
    done = subprocess.run([folder / "rendered"], input=slots, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    found = np.split(np.frombuffer(done.stdout, np.int64), np.cumsum(rows)[:-1])
    return [
        out.view(np.float64).astype(NUMPY[expr.dtype]) if expr.dtype in FLOATS else out
        for out, (expr, _) in zip(found, jobs, strict=True)
    ]


def _c_function(number: int, expr: Expr) -> str:
    names = {name: f"x{k}" for k, name in enumerate(read(expr))}
    lines = [f"static void job_{number}(const slot *in, slot *out) {{", "    (void)in;"]
    for k, dtype in enumerate(read(expr).values()):
        word = cast("", dtype, C)[2:-2]
        lines.append(f"    const {word} x{k} = ({word})in[{k}].{'d' if dtype in FLOATS else 'i'};")
    member = "d" if expr.dtype in FLOATS else "i"
    return "\n".join([*lines, f"    out->{member} = {render(expr, names, C)};", "}"])


def _slots(expr: Expr, columns: Columns) -> bytes:
    """The rows of the columns, each value in 8 bytes."""
    words = [
        columns[name].astype(np.float64 if dtype in FLOATS else np.int64).view(np.int64)
        for name, dtype in read(expr).items()
    ]
    return np.stack(words, axis=1).tobytes() if words else b""


def run_onnx(jobs: Sequence[Job]) -> list[Any]:
    """One model with an output for each expression, run by onnxruntime."""
    import onnxruntime
    from onnx import helper

    from snncc.backends.exports.onnx.nodes import Nodes, described

    nodes, outputs = Nodes(), []
    feeds: Columns = {}
    for k, (expr, columns) in enumerate(jobs):
        names = {name: f"j{k}_{n}" for n, name in enumerate(read(expr))}
        for name, dtype in read(expr).items():
            feeds[names[name]] = columns[name].astype(stored(dtype))
        outputs.append(helper.make_empty_tensor_value_info(f"out{k}"))
        nodes.add("Identity", [nodes.text(render(expr, names, ONNX))], [f"out{k}"])
    inputs = [described(name, column.dtype, [None]) for name, column in feeds.items()]
    model = helper.make_model(
        nodes.graph("rendered", inputs, outputs),
        ir_version=9,
        opset_imports=[helper.make_opsetid("", 18)],
    )
    results = onnxruntime.InferenceSession(model.SerializeToString()).run(None, feeds)
    return [
        np.broadcast_to(found, len(next(iter(columns.values()))))
        for found, (_, columns) in zip(results, jobs, strict=True)
    ]


def run_llvm(jobs: Sequence[Job], products: bool = True) -> list[Any]:
    """A function of each expression, compiled for this machine without any optimization."""
    from llvmlite import binding

    texts = [_llvm_function(k, expr, products) for k, (expr, _) in enumerate(jobs)]
    own = [product_function(), quotient_function()]
    text = "\n".join([INTRINSICS, *own, *texts, "attributes #0 = { nounwind }"])
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    machine = binding.Target.from_default_triple().create_target_machine(opt=0)
    engine = binding.create_mcjit_compiler(binding.parse_assembly(text), machine)
    engine.finalize_object()
    results = []
    for k, (expr, columns) in enumerate(jobs):
        rows = len(next(iter(columns.values())))
        words = np.frombuffer(_slots(expr, columns), np.int64).copy()
        out = np.zeros(rows, np.int64)
        function = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int32)
        call = function(engine.get_function_address(f"job_{k}"))
        call(words.ctypes.data, out.ctypes.data, rows)
        results.append(out)
    return results


def _llvm_function(number: int, expr: Expr, products: bool) -> str:
    types = read(expr)
    names = {name: f"x{k}" for k, name in enumerate(types)}
    code = Code(products, products)

    def body(n: Value) -> None:
        first, values = code.binary("mul", n, len(types)), {}
        for k, (name, dtype) in enumerate(types.items()):
            slot = code.load("%in", code.binary("add", first, k), 64)
            bits = 32 if dtype is DType.I32 else 1 if dtype is DType.BOOL else 64
            if bits == 64 and Fixed(32, 0).low <= dtype.low and dtype.high <= Fixed(32, 0).high:
                bits = 32
            values[names[name]] = code.cast(slot, bits)
        found = computed(code, expr, names, values)
        code.store(code.cast(found, 64), "%out", n)

    code.loop(Value("%rows", 32), body)
    code.do("ret void")
    return code.function(f"define void @job_{number}(ptr %in, ptr %out, i32 %rows) #0")


def run_verilog(jobs: Sequence[Job], folder: Path) -> list[Any]:
    """A module that works out one row after the other, run by iverilog."""
    rows = [len(next(iter(columns.values()))) for _, columns in jobs]
    lines = ["module rendered;", VERILOG.helpers]
    body = ["initial begin"]
    for k, (expr, columns) in enumerate(jobs):
        names = {name: f"j{k}_{n}" for n, name in enumerate(read(expr))}
        for name, dtype in read(expr).items():
            word = cast("", dtype, VERILOG).removesuffix("'()")
            codes = columns[name].astype(np.int64).view(np.uint64)
            (folder / f"{names[name]}.hex").write_text("".join(f"{c:016x}\n" for c in codes))
            lines.append(f"{word} {names[name]}; reg [63:0] {names[name]}_all [0:{rows[k] - 1}];")
            body.append(f'$readmemh("{names[name]}.hex", {names[name]}_all);')
        body.append(f"for (int n = 0; n < {rows[k]}; n++) begin")
        body += [f"{x} = {x}_all[n];" for x in names.values()]
        lines.append(f"int64_t out_{k};")
        body += [f"out_{k} = {render(expr, names, VERILOG)};", f'$display("%0d", out_{k});', "end"]
    text = "\n".join([*lines, *body, "end", "endmodule", ""])
    (folder / "rendered.sv").write_text(text)
    command = ["iverilog", "-g2012", "-o", "rendered.vvp", "rendered.sv"]
    subprocess.run(command, cwd=folder, check=True)
    done = subprocess.run(
        ["vvp", "-n", "rendered.vvp"], cwd=folder, capture_output=True, text=True, check=True
    )
    found = np.array([int(line) for line in done.stdout.splitlines()], np.int64)
    return np.split(found, np.cumsum(rows)[:-1])
