"""`make bench`: what the house does, as ratios against bare tools in the same run.

Every `benchmarks/bench_<idea>.py` has `run(bench)` and yields `Row`s. `bench` (benchmarks/bench.py)
has a migrated database of its own, `bench.serve()` for the production server, and
`bench.beside_bare()`, which loads ours and the bare Django view in turns: the budgets of requests
are written against that view.
"""
