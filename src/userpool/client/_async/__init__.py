"""The asynchronous faces of pools, users and administrators."""
