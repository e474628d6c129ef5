"""`python -m userpool.service`: `userpool serve` without the command line room. Options come as for that
command.
"""

from __future__ import annotations

import argparse
import logging
import sys

from .keyfile import KeyFileError
from .ports import StoreError
from .serve import Options, ServeError, serve


def main(arguments: list[str] | None = None) -> int:
    """Run the service; the exit code is 0 after a clean stop, 1 when it cannot be started."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s"
    )
    try:
        serve(
            Options(
                host=options.host,
                port=options.port,
                database=options.database,
                issuer=options.issuer,
                seed=options.seed,
                development=options.development,
                keys_file=options.keys,
                region=options.region,
                threads=options.threads,
                passkey_origins=tuple(options.passkey_origin),
                passkey_fresh_seconds=options.passkey_fresh,
                triggers=options.triggers,
            )
        )
    except (ServeError, KeyFileError, StoreError) as error:
        sys.stderr.write(f"userpool: {error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    default = Options()
    parser = argparse.ArgumentParser(
        prog="python -m userpool.service", description="Run a user pool service."
    )
    parser.add_argument("--host", default=default.host)
    parser.add_argument("--port", type=int, default=default.port)
    parser.add_argument("--database", default=default.database)
    parser.add_argument("--issuer", default=None)
    parser.add_argument("--seed", default=None)
    parser.add_argument("--keys", default=None, help="the key file (by default userpool.keys)")
    parser.add_argument("--region", default=default.region)
    parser.add_argument("--threads", type=int, default=default.threads)
    parser.add_argument("--passkey-origin", action="append", default=[])
    parser.add_argument("--passkey-fresh", type=float, default=None, help="in seconds")
    parser.add_argument("--triggers", default=None, metavar="MODULE:OBJECT")
    parser.add_argument("--development", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
