"""``python -m routing api | consumer | relay | clock | migrate | all``, or ``figures`` and what is asked of them."""

import sys

from kit.loading import lightly

if sys.argv[1:2] == ["figures"]:
    from routing import ledger

    ledger.main(sys.argv[2:])

with lightly():
    from kit.app import main

    from routing import app
    from routing.settings import Settings

main(app.SERVICE, Settings, {"api": app.api, "consumer": app.consumer, "relay": app.relay, "clock": app.clock})
