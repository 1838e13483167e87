"""The tab *Failover* of Locust's web pages: what the clients of a load meet, while it happens."""
