"""The command `userpool`. It is a face of its own over the same library: nothing here is imported by it."""

from __future__ import annotations

from .app import main as main
