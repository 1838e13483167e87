"""What would happen: a Monte Carlo of health checkers, DNS caches and connections, without a lab.

It answers in AWS seconds from the moment a Region is lost. Everything here is a pure function of
settings and a random generator that was passed in.
"""

from gameday.predict.model import Band, Mode, Population, Prediction, Settings, predict

__all__ = ["Band", "Mode", "Population", "Prediction", "Settings", "predict"]
