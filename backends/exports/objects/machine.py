"""Machine code of LLVM's text, by the LLVM that Numba brings."""

from __future__ import annotations

from llvmlite import binding

from .triples import TRIPLES

# Without "no-builtins" loops that clear or copy would call memset and memcpy.
ATTRIBUTES = 'attributes #0 = {{ nounwind noredzone "no-builtins"{more} }}'


def assembled(text: str, triple: str, level: int = 2) -> bytes:
    """The object file of a module; at level 0 its instructions are translated as they are."""
    module, machine = _optimized(text, triple, level)
    return bytes(machine.emit_object(module))


def assembly(text: str, triple: str, level: int = 2) -> str:
    """The same as an assembler's text."""
    module, machine = _optimized(text, triple, level)
    return str(machine.emit_assembly(module))


def _optimized(
    text: str, triple: str, level: int
) -> tuple[binding.ModuleRef, binding.TargetMachine]:
    row = TRIPLES[triple]
    binding.initialize_all_targets()
    binding.initialize_all_asmprinters()
    machine = binding.Target.from_triple(triple).create_target_machine(
        cpu=row.cpu, features=row.features, opt=level, reloc=row.relocation, codemodel="small"
    )
    more = " optsize" if row.is_small else ""
    head = f'target triple = "{triple}"\ntarget datalayout = "{machine.target_data}"\n'
    module = binding.parse_assembly(head + text + ATTRIBUTES.format(more=more))
    module.verify()
    if level:
        options = binding.create_pipeline_tuning_options(speed_level=level)
        options.loop_unrolling = options.loop_vectorization = not row.is_small
        options.slp_vectorization = False
        builder = binding.create_pass_builder(machine, options)
        builder.getModulePassManager().run(module, builder)
    return module, machine
