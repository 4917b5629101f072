"""bench.sv: drives a `dut` with the inputs of a part, and says where it first does otherwise."""

from __future__ import annotations

from collections.abc import Iterator

from .layout import Field, Layout
from .tables import readable

_BENCH = """\
// Reads the .hex files, gives `dut` a step of what comes in at each rising edge, and compares after
// it. Run it in this folder:
//     iverilog -g2012 -o bench.vvp bench.sv dut.sv && vvp -n bench.vvp
// With +log=FILE.csv all that fires is written as a spike log for `snncc diff`, and the run goes on
// behind the first mismatch; with +spikes-only the states of `dut` are not looked at.
module bench;
localparam int SAMPLES = {samples}, STEPS = {steps};
logic clk = 0, rst = 1;
logic [{inputs}:0] spikes_in = 0, given [0:SAMPLES * STEPS - 1];
{numbers}logic [{spikes}:0] spikes, fires, wanted [0:SAMPLES * STEPS - 1];
logic [{words}:0] states, held;
logic signed [31:0] word, codes [0:SAMPLES * STEPS * {count} - 1];
bit has_states, has_log, is_wrong;
string log_name;
int log, now;

dut dut (.clk(clk), .rst(rst), .spikes_in(spikes_in), {port}.spikes(spikes), .states(states));

task tick;
begin
    #5 clk = 1;
    #5 clk = 0;
end
endtask

// One line, the first time.
task say(input string where, input string got);
begin
    if (!is_wrong) $display("MISMATCH %s: %s", where, got);
    is_wrong = 1;
end
endtask

task compare(input int sample, input int t);
begin
    fires = wanted[now];
    held = states;
{compared}end
endtask

task note(input int sample, input int t);
begin
{noted}end
endtask

initial begin
    $readmemh("inputs.hex", given);
{read}    $readmemh("spikes.hex", wanted);
    $readmemh("states.hex", codes);
    has_states = {any} && !$test$plusargs("spikes-only");
    has_log = $value$plusargs("log=%s", log_name) != 0;
    if (has_log) begin
        log = $fopen(log_name, "w");
        $fdisplay(log, "sample,step,population,neuron");
    end
    for (int sample = 0; sample < SAMPLES; sample++) begin
        rst = 1;
        tick;
        rst = 0;
        for (int t = 0; t < STEPS; t++) begin
            now = sample * STEPS + t;
            spikes_in = given[now];
{set}            tick;
            if (!is_wrong) compare(sample, t);
            if (has_log) note(sample, t);
            if (is_wrong && !has_log) $fatal(1, "the first mismatch is above");
        end
    end
    if (is_wrong) $fatal(1, "the first mismatch is above");
    $write("PASS: %0d samples of %0d steps, every spike", SAMPLES, STEPS);
    if (has_states) $write(" and state");
    $display("");
    $finish;
end
endmodule
"""


def bench(layout: Layout, samples: int, steps: int) -> str:
    """The bench of so many samples and steps."""
    inputs, spikes, states = layout.sizes
    parts = {
        "samples": samples,
        "steps": steps,
        "inputs": max(1, inputs) - 1,
        "spikes": max(1, spikes) - 1,
        "words": 32 * max(1, states) - 1,
        "count": max(1, states),
        "any": int(states > 0),
        "compared": "".join(f"    {line}\n" for line in _compared(layout)),
        "noted": "".join(f"    {line}\n" for line in _noted(layout)),
    }
    parts |= _numbers(layout.words_in)
    text = _BENCH
    for name, part in parts.items():
        text = text.replace(f"{{{name}}}", str(part))
    return text


def _numbers(words: int) -> dict[str, str]:
    """What the bench says of numbers that come in, nothing where there are none."""
    if not words:
        return dict.fromkeys(("numbers", "port", "read", "set"), "")
    word = f"numbers_in[32 * k +: 32] = sent[now * {words} + k]"
    return {
        "numbers": f"logic [{32 * words - 1}:0] numbers_in = 0;\n"
        f"logic [31:0] sent [0:SAMPLES * STEPS * {words} - 1];\n",
        "port": ".numbers_in(numbers_in), ",
        "read": '    $readmemh("numbers.hex", sent);\n',
        "set": f"            for (int k = 0; k < {words}; k++) {word};\n",
    }


def _compared(layout: Layout) -> Iterator[str]:
    """Population by population, neuron by neuron: its spike, then its states."""
    total = max(1, layout.sizes[2])
    for field in layout.spikes:
        name = readable(field.population.name)
        where = f'$sformatf("sample %0d, step %0d, neuron %0d of {name}", sample, t, n)'
        yield f"for (int n = 0; n < {field.population.neurons}; n++) begin"
        k = f"{field.first} + n"
        got = f'$sformatf("its spike is %b, expected %b", spikes[{k}], fires[{k}])'
        yield f"    if (spikes[{k}] !== fires[{k}]) say({where}, {got});"
        for state in _states(layout, field):
            assert state.state is not None
            k = f"{state.first} + n"
            wanted = f"codes[now * {total} + {k}]"
            about = readable(state.state.name)
            got = f'$sformatf("{about} is %0d, expected %0d", word, {wanted})'
            yield f"    word = held[32 * ({k}) +: 32];"
            yield f"    if (has_states && word !== {wanted}) say({where}, {got});"
        yield "end"


def _states(layout: Layout, spikes: Field) -> Iterator[Field]:
    return (f for f in layout.states if f.population.name == spikes.population.name)


def _noted(layout: Layout) -> Iterator[str]:
    for field in layout.spikes:
        name = readable(field.population.name)
        yield f"for (int n = 0; n < {field.population.neurons}; n++)"
        line = f'$fdisplay(log, "%0d,%0d,{name},%0d", sample, t, n)'
        yield f"    if (spikes[{field.first} + n] === 1'b1) {line};"
