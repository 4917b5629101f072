"""Which core computes which neuron, and where on the mesh it lies.

`axons` -> `partition` (neurons to cores, under `limits`) -> `place` (cores to slots) -> `route`
(what the links carry) -> `costs`; `baselines` go the same way. docs/mapping.md.
"""
