"""`python -m bgsvc`."""

import gc

gc.disable()  # nothing a start-up makes is garbage; a hosted service's process turns it on again

from bgsvc._cli.main import main  # noqa: E402 - not before the line above

if __name__ == "__main__":
    raise SystemExit(main())
