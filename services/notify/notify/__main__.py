"""``python -m notify api | consumer | relay | clock | migrate | all``."""

from kit.loading import lightly

with lightly():
    from kit.app import main

    from notify import app
    from notify.settings import Settings

main(app.SERVICE, Settings, {"api": app.api, "consumer": app.consumer, "relay": app.relay, "clock": app.clock})
