from hypothesis import given
from hypothesis import strategies as st

from gameday.model import BUCKET_BASE, bucket, bucket_ms, quantile_ms


@given(st.floats(0.01, 1e6))
def test_is_a_latency_within_two_percent_of_its_bucket(latency_ms: float) -> None:
    edge = bucket_ms(bucket(latency_ms))
    assert latency_ms <= edge * (1 + 1e-6)
    assert latency_ms <= 1 or edge / BUCKET_BASE < latency_ms * (1 + 1e-6)


@given(st.lists(st.floats(1, 1e5), min_size=1, max_size=200), st.floats(0, 1))
def test_does_a_quantile_agree_with_the_sorted_list(values: list[float], q: float) -> None:
    histogram: dict[int, int] = {}
    for value in values:
        histogram[bucket(value)] = histogram.get(bucket(value), 0) + 1
    found = quantile_ms(histogram, q)
    assert found is not None
    at_most = sum(v <= found * (1 + 1e-6) for v in values)
    assert at_most >= q * len(values) - 1e-9


def test_has_nothing_no_quantile() -> None:
    assert quantile_ms({}, 0.5) is None
