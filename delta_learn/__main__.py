"""`python -m delta_learn` is `delta-learn`."""

from __future__ import annotations

from delta_learn.cli.app import main

if __name__ == "__main__":
    main()
