"""How much is asked when: the arrivals of a load and the course of its rate; pure."""
