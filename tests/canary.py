"""Canaries: recognisable secrets, and the search for them wherever text gets out.

secret = canary("password")
with watch(secret):                      # everything logged or warned meanwhile, at every level
    step = pool.sign_in("ada", secret)
assert_hidden(step, secret)              # repr, str, format; for errors the whole chain and its pickle
"""

from __future__ import annotations

import base64
import copy
import json
import logging
import pickle
import traceback
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote


def canary(kind: str = "secret") -> str:
    """A new secret that satisfies every password rule and can be mistaken for nothing else."""
    return f"Canary-{kind}-{uuid.uuid4().hex}-é!7"


def spellings(secret: str) -> set[str]:
    """The forms in which `secret` may get out: as it is, quoted, escaped, in hex and in base64."""
    raw = secret.encode()
    encoded = (base64.b64encode(raw), base64.urlsafe_b64encode(raw))
    return {
        secret,
        repr(secret)[1:-1],
        ascii(secret)[1:-1],
        repr(raw)[2:-1],
        json.dumps(secret)[1:-1],
        quote(secret, safe=""),
        raw.hex(),
        *(form.decode().rstrip("=") for form in encoded),
    }


def found_in(text: str, *secrets: str) -> bool:
    """Whether any spelling of any secret stands in `text`."""
    lowered = text.lower()
    return any(form.lower() in lowered for secret in secrets for form in spellings(secret))


def places(thing: object) -> dict[str, str]:
    """Every text that `thing` turns into by itself, by the name of the way it got out."""
    out = {"repr": repr(thing), "str": str(thing), "format": f"{thing}", "copy": repr(copy.copy(thing))}
    if isinstance(thing, BaseException):
        out["args"] = repr(thing.args)
        out["notes"] = "\n".join(getattr(thing, "__notes__", ()))
        # Without the source lines: what a caller has written in his own program is his.
        shown = traceback.TracebackException.from_exception(thing, lookup_lines=False)
        out["traceback"] = "".join(_messages(shown))
        pickled = pickle.dumps(thing)
        out["pickle"] = pickled.decode(errors="replace") + pickled.decode("latin-1")
    return out


def _messages(shown: traceback.TracebackException | None) -> Iterator[str]:
    while shown is not None:
        yield from shown.format_exception_only()
        yield from (line for nested in (shown.exceptions or ()) for line in _messages(nested))
        if shown.__cause__ is not None:
            yield from _messages(shown.__cause__)
        shown = shown.__context__


def assert_hidden(thing: object, *secrets: str) -> None:
    """Fail where a text of `thing` shows one of `secrets`; the failure itself shows none."""
    shown = [place for place, text in places(thing).items() if found_in(text, *secrets)]
    if shown:
        raise AssertionError(f"{type(thing).__name__} shows a secret in its {', '.join(shown)}")


class _Recorder(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = logging.Formatter("%(name)s %(message)s %(exc_text)s").format(record)
        extra = {name: value for name, value in vars(record).items() if name not in {"msg", "message"}}
        self.lines.append((record.name, f"{text} {record.msg!r} {record.args!r} {extra!r}"))


@contextmanager
def watch(*secrets: str) -> Iterator[list[tuple[str, str]]]:
    """Record all that is logged or warned at every level, and fail at the end where a secret stands in it.

    Yields the list of `(logger, text)`, so that a test can also say that something was logged at all.
    """
    recorder = _Recorder()
    root = logging.getLogger()
    ours = [root, *(logging.getLogger(name) for name in ("userpool", "httpx2", "httpcore2", "asyncio"))]
    levels = [logger.level for logger in ours]
    root.addHandler(recorder)
    for logger in ours:
        logger.setLevel(logging.DEBUG)
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            yield recorder.lines
    finally:
        root.removeHandler(recorder)
        for logger, level in zip(ours, levels, strict=True):
            logger.setLevel(level)
    recorder.lines += [("warnings", str(warning.message)) for warning in warned]
    guilty = sorted({name for name, text in recorder.lines if found_in(text, *secrets)})
    if guilty:
        raise AssertionError(f"a secret was written to: {', '.join(guilty)}")
