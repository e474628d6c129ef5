"""The asynchronous faces, written by hand."""
