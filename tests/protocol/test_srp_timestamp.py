"""TIMESTAMP: English whatever the locale, the day of the month not padded, UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userpool.protocol import srp


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 1, 3, 4, 5, tzinfo=UTC), "Sun Nov 1 03:04:05 UTC 2026"),
        (datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), "Thu Dec 31 23:59:59 UTC 2026"),
        (datetime(2024, 2, 29, tzinfo=UTC), "Thu Feb 29 00:00:00 UTC 2024"),
        (datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=1))), "Wed Dec 31 23:30:00 UTC 2025"),
        (datetime(987, 6, 5, 4, 3, 2, 1, tzinfo=UTC), "Tue Jun 5 04:03:02 UTC 0987"),
    ],
)
def test_form(moment: datetime, text: str) -> None:
    assert srp.timestamp(moment) == text


def test_c12_locale_does_not_matter() -> None:
    """No field whose text depends on the locale (de_DE, ar_EG …) is asked of the platform."""

    class Foreign(datetime):
        def strftime(self, format: str) -> str:
            assert not set(format) & set("aAbBcdDeEhOpxXZ"), "a field that depends on the locale"
            return super().strftime(format)

        def astimezone(self, tz: object = None) -> Foreign:
            return self

        def __format__(self, spec: str) -> str:
            return self.strftime(spec)

    assert srp.timestamp(Foreign(2026, 3, 4, 5, 6, 7, tzinfo=UTC)) == "Wed Mar 4 05:06:07 UTC 2026"


def test_a_moment_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        srp.timestamp(datetime(2026, 1, 1))


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.timezones()))
def test_what_is_written_can_be_read(moment: datetime) -> None:
    text = srp.timestamp(moment)
    assert srp.parse_timestamp(text) == moment.astimezone(UTC).replace(microsecond=0)


@pytest.mark.parametrize(
    "text",
    [
        None,
        5,
        "",
        "Sun Nov 01 03:04:05 UTC 2026",
        "Sun Nov  1 03:04:05 UTC 2026",
        "Sun Nov 1 3:04:05 UTC 2026",
        "Sun Nov 1 24:00:00 UTC 2026",
        "Sun Nov 1 03:04:60 UTC 2026",
        "Sun Nov 1 03:04:05 GMT 2026",
        "Sun Nov 1 03:04:05 UTC 26",
        "So Nov 1 03:04:05 UTC 2026",
        "sun nov 1 03:04:05 utc 2026",
        "Mon Nov 1 03:04:05 UTC 2026",
        "Sun Nov 31 03:04:05 UTC 2026",
        "Sun Nov 0 03:04:05 UTC 2026",
        "Sun Nov 1 03:04:05 UTC 2026\n",
        " Sun Nov 1 03:04:05 UTC 2026",
        "Sun Nov 1 ٠3:04:05 UTC 2026",
        "Sat Jan 1 03:04:05 UTC 0000",
        "2026-11-01T03:04:05Z",
    ],
)
def test_other_forms_are_refused(text: object) -> None:
    with pytest.raises(srp.SrpError, match="TIMESTAMP"):
        srp.parse_timestamp(text)
