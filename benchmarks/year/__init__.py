"""A simulated year of nights: `python -m benchmarks.year`."""
