"""Steady traffic on the reference backend: four reads for each write, at the target's rate.

locust -f loadtests/steady.py [--headless] [--clients pooled=100] [--rate 8] [--run-time 60]
"""

from locust import task

from gameday.load.user import FailoverUser, json_of

READ_AFTER_S = 5.0
OWN_SHARE = 0.25
"""Of its reads, a client asks so many for what it wrote itself."""


class SteadyUser(FailoverUser):
    """Reads items that were acknowledged a while ago, and writes new ones."""

    @task(4)
    def read(self) -> None:
        item = self.own_item(READ_AFTER_S) if self.random.random() < OWN_SHARE else None
        item = item or self.known_item(READ_AFTER_S)
        if item is None:
            self.write()
            return
        with self.client.get(
            f"/items/{item.id}", name="/items/{id}", catch_response=True
        ) as response:
            self.saw(item, response)
            if response.status_code == 404 and self.answered_by != item.region:
                response.success()  # not replicated to that Region (yet): the API says 404
            elif response.status_code == 200 and (json_of(response) or {}).get("id") != item.id:
                response.failure("another item")

    @task(1)
    def write(self) -> None:
        with (
            self.writing() as write,
            self.client.post(
                "/items",
                name="/items",
                json={"value": f"{self.random.getrandbits(64):016x}"},
                headers={"Idempotency-Key": write.key},
                catch_response=True,
            ) as response,
        ):
            write.answer(response)
            if response.status_code in (200, 201) and write.item_id is None:
                response.failure("no id")
