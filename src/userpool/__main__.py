"""`python -m userpool`: the command, where its script is not on the path."""

from __future__ import annotations

from userpool.cli import main

if __name__ == "__main__":
    main()
