"""Calendar events are accepted and refused as by `systemd-analyze calendar` of systemd 252."""

import pytest

from bgsvc_gen.spec.calendar import is_calendar_event

TAKEN = """
daily|hourly UTC|daily Europe/Berlin|quarterly|semi-annually|Mon|Mon UTC|Mon..Fri 08:00
Mon..Fri,Sun 08:00|Mon-Fri|mon..fri|mon  08:00|Monday 08:00 UTC|Mon,Wed 8:00:00|12-25|2026-02~1
Mon *-*-* 08:00:00|*-*-1..7 10:00|*:0/15|*:*|*-*-* 0/2:00:00.5|*-*~07/1|1,2:30|00:00,15:00|1-1-1 1:1
1..3,7-* 8:00|08:00/5|08:1..3/2|26-1-1|*-*-1,15 *:*:0/30|2027-*-1/7 8:5|08:00 CET|08:00:00.1234567
"""
REFUSED = """
blah foo|25:00|UTC|*|10|2030|Mon.. 08:00|*-*-*T08:00|*-*-32|*-13-1|5:60|8:00:60|*-*-0|Mon,, 8:00
08:*/10|~1|8|8:|3..1:00|1969-1-1|Mon Tue|10000-1-1|*/2:00|*-*-*/2|daily 08:00|Mon daily|0/0:00
*-*~0|*-*~31|*,1:00
"""


def events(table: str) -> list[str]:
    return table.strip().replace("\n", "|").split("|")


@pytest.mark.parametrize("text", events(TAKEN))
def test_event_that_systemd_accepts_is_accepted(text: str) -> None:
    assert is_calendar_event(text)


@pytest.mark.parametrize("text", events(REFUSED))
def test_event_that_systemd_refuses_is_refused(text: str) -> None:
    assert not is_calendar_event(text)
