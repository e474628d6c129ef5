"""The public test vectors that we use but do not carry."""

from __future__ import annotations

import os
from pathlib import Path

from tests.requires import need

_HOMES = {
    "wycheproof": "https://github.com/C2SP/wycheproof, folder testvectors_v1",
    "jose-cookbook": "https://github.com/ietf-jose/cookbook",
    "sigv4": "https://github.com/boto/botocore, folder tests/unit/auth/aws4_testsuite",
}


def vectors_dir(name: str) -> Path:
    """The folder `name` of the vectors that USERPOOL_VECTORS names; skips the test when it is not there."""
    root = os.environ.get("USERPOOL_VECTORS", "")
    folder = Path(root, name)
    need(
        root and folder.is_dir(),
        f"the {name} vectors: put those of {_HOMES[name]} into a folder {name}, "
        "and name the folder above it in USERPOOL_VECTORS",
    )
    return folder
