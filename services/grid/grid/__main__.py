"""``python -m grid api | relay | migrate | all``; ``demonstration`` makes the demonstration city."""

import sys

from kit.app import main

from grid import app, demonstrate
from grid.settings import Settings

if sys.argv[1:2] == ["demonstration"]:
    demonstrate.main(sys.argv[2:])
else:
    main(app.SERVICE, Settings, {"api": app.api, "relay": app.relay})
