"""One script per budget: a table on the screen and JSON in benchmarks/results; figures are ratios within one run."""
