"""``make up``'s supervisor, less patient: who is killed every other second is not made to wait half a minute for it."""

import sys

from local import supervisor
from local.__main__ import main

supervisor._LONGEST_PAUSE = 0.5

if __name__ == "__main__":
    sys.argv = ["local", "run"]
    sys.exit(main())
