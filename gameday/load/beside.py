"""Given to Locust beside a locustfile that knows nothing of us; it only imports the user."""

import gameday.load.user  # noqa: F401
