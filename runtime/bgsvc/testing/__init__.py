"""Test a service without a phone, with a host and a clock that the test controls.

```python
from bgsvc.testing import FakeHost

def test_it_syncs_once_a_minute():
    with FakeHost() as host:
        host.start(SyncService)
        host.advance(180)
        assert len(host.events("synced")) == 3
```
"""

from bgsvc.testing._clock import VirtualClock
from bgsvc.testing._host import FakeHost
from bgsvc.testing._notification import Notification

__all__ = ["FakeHost", "Notification", "VirtualClock"]
