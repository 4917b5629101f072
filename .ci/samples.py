"""Writes a small CSV of samples that fit a network, nothing of one without inputs: `snncc inspect
NET --json | samples.py OUT`."""

import json
import random
import sys

network = json.load(sys.stdin)
inputs = sum(p["neurons"] for p in network["populations"] if p["role"] == "input")
draw = random.Random(1)
with open(sys.argv[1], "w") as file:
    for label in (0, 1) * 10 if inputs else ():
        file.write(",".join(f"{draw.random():.3f}" for _ in range(inputs)) + f",{label}\n")
