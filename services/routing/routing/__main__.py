"""``python -m routing api | consumer | relay | clock | migrate | all``."""

from kit.loading import lightly

with lightly():
    from kit.app import main

    from routing import app
    from routing.settings import Settings

main(app.SERVICE, Settings, {"api": app.api, "consumer": app.consumer, "relay": app.relay, "clock": app.clock})
