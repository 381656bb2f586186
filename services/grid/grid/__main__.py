"""``python -m grid api | relay | migrate | all``; ``demonstration`` makes the demonstration city."""

import sys

if sys.argv[1:2] == ["demonstration"]:
    from grid import demonstrate

    demonstrate.main(sys.argv[2:])
else:
    from kit.loading import lightly

    with lightly():
        from kit.app import main

        from grid import app
        from grid.settings import Settings

    main(app.SERVICE, Settings, {"api": app.api, "relay": app.relay})
