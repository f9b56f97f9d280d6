"""Time and memory beside the least that the same files cost: decoding and encoding alone.

`cases` lists what is timed, `processes` runs one, `timing` runs it beside its floor, `report` puts
the figures into a file and `compare` holds them against those of another day. `prepare`, `floor` and
`loaded` are programs of their own, run in child processes.

But for those three nothing here imports more than the standard library: the peak memory that the
system reports of a child is never below that of the process which started it.
"""
