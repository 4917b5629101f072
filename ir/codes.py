"""The catalogue of diagnostic codes: one row a code, never reused, never renumbered."""

from __future__ import annotations

CODES: dict[str, str] = {
    # E: mistakes. W, at the end: warnings, which stop nothing
    # E00x: text that is not a program
    "E001": "syntax error",
    "E002": "unexpected character",
    "E003": "import not found or not readable",
    "E004": "import cycle",
    "E005": "program too large or too deeply nested",
    # E01x: names
    "E010": "unknown name",
    "E011": "name defined twice",
    "E012": "unknown parameter or argument",
    "E013": "missing argument",
    "E014": "argument given twice",
    # E02x: types and units
    "E020": "type mismatch",
    "E021": "unit mismatch",
    "E022": "value out of range",
    "E023": "not a constant",
    # E03x: neuron models
    "E030": "invalid neuron model",
    "E031": "model cannot be discretized by this method",
    # E04x: networks
    "E040": "shapes do not fit",
    "E041": "cycle without delay",
    "E042": "invalid connectivity",
    "E043": "delay is not a multiple of dt",
    "E044": "invalid network",
    "E045": "duration is not a multiple of dt",
    "E046": "dt is too long",
    # E05x: training
    "E050": "rule cannot train this network",
    "E051": "invalid training setting",
    "E052": "training diverged",
    "E053": "state is no finite number",
    # E06x: artifacts, checkpoints, data
    "E060": "artifact or checkpoint is damaged or not ours",
    "E061": "data set not found or damaged",
    "E062": "data do not fit the network",
    "E063": "file cannot be read or written",
    "E064": "spike log is none, or damaged",
    "E065": "sides cannot be compared",
    # E07x: targets
    "E070": "target is not available here",
    "E071": "target does not support this",
    "E072": "device has too little memory",
    "E073": "device or its driver failed",
    "E074": "machine has too little memory",
    "E075": "simulator does not know this meaning",
    # E08x: integers
    "E080": "no integer form",
    "E081": "weights give no scale",
    "E082": "number rounds away",
    "E083": "sum may overflow",
    "E084": "state does not decay",
    "E085": "network does not fit the chip",
    "E086": "chip has another form of numbers",
    "E087": "invalid deploy setting",
    "E088": "threshold is out of reach",
    # E09x: exchange
    "E090": "NIR file is none, or damaged",
    "E091": "NIR graph cannot be imported",
    "E092": "NIR graph leaves a choice open",
    "E093": "network does not fit the cores",
    # W01x: what could not be checked
    "W013": "not checked further",
    # W04x: networks that cannot do what they say
    "W040": "input rate is cut",
    "W042": "projection delivers nothing",
    "W043": "state grows of itself",
    "W044": "weights leave no room",
    "W045": "neurons are joined to themselves",
    "W046": "input is too regular",
    "W047": "source never fires",
    # W05x: training that can hardly work
    "W050": "teacher or target cannot work",
    "W051": "parameters stay as they are",
    # W06x: data that tell little
    "W060": "data tell little",
    "W061": "sides are compared in part",
    "W062": "run is still training",
}
