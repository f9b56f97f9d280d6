"""Figures that can be believed: one protocol, one table of metrics, one command for both.

`contestants` and `results` are who colours, `protocol` says which pixels are compared, `metrics` how,
`run` does it for every picture and contestant, `summary` puts means and intervals on it, `report` writes
it down; `sheet` is for looking, `bench` for time and memory.
"""
