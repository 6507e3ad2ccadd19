"""Quantities are what Kubernetes takes them for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charts.model import Quantity

# In billionths, as whole numbers: what each suffix stands for at kubernetes.io/docs/reference/kubernetes-api, Quantity.
BILLIONTHS = {"n": 1, "u": 10**3, "m": 10**6, "": 10**9, "k": 10**12, "M": 10**15, "G": 10**18, "T": 10**21} | {
    suffix: 10**9 << 10 * power for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti"), start=1)
}
amounts = st.tuples(st.integers(0, 10**6), st.sampled_from(sorted(BILLIONTHS)))


def written(amount: tuple[int, str]) -> Quantity:
    return Quantity(f"{amount[0]}{amount[1]}")


def billionths(amount: tuple[int, str]) -> int:
    return amount[0] * BILLIONTHS[amount[1]]


@given(amounts, amounts)
def test_quantities_compare_as_the_whole_numbers_that_they_stand_for(
    one: tuple[int, str], other: tuple[int, str]
) -> None:
    left, right = billionths(one), billionths(other)
    assert (written(one) < written(other)) == (left < right)
    assert (written(one) >= written(other)) == (left >= right)
    assert (written(one) == written(other)) == (left == right)


@given(amounts, amounts)
def test_quantities_add_as_the_whole_numbers_that_they_stand_for(one: tuple[int, str], other: tuple[int, str]) -> None:
    total = Quantity(f"{billionths(one) + billionths(other)}n")
    assert written(one) + written(other) == written(other) + written(one) == total


@given(amounts, st.integers(0, 50))
def test_a_quantity_times_a_count_is_that_many_of_it(one: tuple[int, str], times: int) -> None:
    assert written(one) * times == Quantity(f"{billionths(one) * times}n")


@pytest.mark.parametrize("suffix", sorted(BILLIONTHS))
def test_a_suffix_stands_for_what_kubernetes_says(suffix: str) -> None:
    assert Quantity(f"1{suffix}").amount * 10**9 == BILLIONTHS[suffix]


def test_fractions_are_exact() -> None:
    assert Quantity("0.1") + Quantity("0.2") == Quantity("300m")
    assert Quantity("1.5Gi") == Quantity("1536Mi")


def test_equal_amounts_count_once_in_a_set() -> None:
    assert len({Quantity("1Gi"), Quantity("1024Mi"), Quantity("1048576Ki")}) == 1


def test_a_quantity_equals_no_plain_number() -> None:
    assert Quantity("1") != 1


@pytest.mark.parametrize("text", ["250m", "1.50Gi", "0", "1000m"])
def test_a_quantity_reads_as_it_was_written(text: str) -> None:
    assert str(Quantity(text)) == text


@pytest.mark.parametrize(
    ("one", "other", "total"),
    [
        ("1Gi", "1Gi", "2Gi"),
        ("512Mi", "512Mi", "1Gi"),
        ("1Gi", "1Mi", "1025Mi"),
        ("250m", "500m", "750m"),
        ("500m", "1500m", "2"),
        ("0", "0Gi", "0"),
        ("500u", "500u", "1m"),
        ("1u", "1n", "1001n"),
        ("1T", "0", "976562500Ki"),
    ],
)
def test_a_sum_reads_in_the_largest_suffix_that_writes_it_whole(one: str, other: str, total: str) -> None:
    assert str(Quantity(one) + Quantity(other)) == total


@pytest.mark.parametrize(
    "text", ["", "m", "Gi", "-1", "+1", "1.", ".5", "1 Gi", "1gi", "1K", "1mi", "1,5", "1e3", "\u0661", "1Gi\n"]
)
def test_what_is_no_quantity_is_refused_by_its_text(text: str) -> None:
    with pytest.raises(ValueError, match="is no quantity") as refused:
        Quantity(text)
    assert f'"{text}"' in str(refused.value)
