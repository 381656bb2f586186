"""``python -m intake api | consumer | relay | migrate | all``"""

from kit.loading import lightly

with lightly():
    from kit.app import main

    from intake.app import ASPECTS
    from intake.settings import Settings

main("intake", Settings, ASPECTS)
