"""One script per budget: each prints a table and writes JSON to benchmarks/results; figures are ratios within one run."""
