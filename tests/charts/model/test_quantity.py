"""Quantities are what Kubernetes takes them for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charts.model import Quantity

# A thousandth, as whole numbers: what each suffix stands for at kubernetes.io/docs/reference/kubernetes-api, Quantity.
THOUSANDTHS = {"m": 1, "": 10**3, "k": 10**6, "M": 10**9, "G": 10**12, "T": 10**15} | {
    suffix: 1000 << 10 * power for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti"), start=1)
}
amounts = st.tuples(st.integers(0, 10**6), st.sampled_from(sorted(THOUSANDTHS)))


def written(amount: tuple[int, str]) -> Quantity:
    return Quantity(f"{amount[0]}{amount[1]}")


def thousandths(amount: tuple[int, str]) -> int:
    return amount[0] * THOUSANDTHS[amount[1]]


@given(amounts, amounts)
def test_quantities_compare_as_the_whole_numbers_that_they_stand_for(
    one: tuple[int, str], other: tuple[int, str]
) -> None:
    left, right = thousandths(one), thousandths(other)
    assert (written(one) < written(other)) == (left < right)
    assert (written(one) >= written(other)) == (left >= right)
    assert (written(one) == written(other)) == (left == right)


@given(amounts, amounts)
def test_quantities_add_as_the_whole_numbers_that_they_stand_for(one: tuple[int, str], other: tuple[int, str]) -> None:
    total = Quantity(f"{thousandths(one) + thousandths(other)}m")
    assert written(one) + written(other) == written(other) + written(one) == total


@given(amounts, st.integers(0, 50))
def test_a_quantity_times_a_count_is_that_many_of_it(one: tuple[int, str], times: int) -> None:
    assert written(one) * times == Quantity(f"{thousandths(one) * times}m")


@pytest.mark.parametrize("suffix", sorted(THOUSANDTHS))
def test_a_suffix_stands_for_what_kubernetes_says(suffix: str) -> None:
    assert Quantity(f"1{suffix}").amount * 1000 == THOUSANDTHS[suffix]


def test_suffixes_below_a_thousandth_stand_for_what_kubernetes_says() -> None:
    assert Quantity("1000u") == Quantity("1000000n") == Quantity("1m") > Quantity("999u") > Quantity("998999n")


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
        ("1T", "0", "976562500Ki"),
    ],
)
def test_a_sum_reads_in_the_largest_suffix_that_writes_it_whole(one: str, other: str, total: str) -> None:
    assert str(Quantity(one) + Quantity(other)) == total


@pytest.mark.parametrize(
    "text", ["", "m", "Gi", "-1", "+1", "1.", ".5", "1 Gi", "1gi", "1K", "1mi", "1,5", "1e3", "1Gi\n"]
)
def test_what_is_no_quantity_is_refused_by_its_text(text: str) -> None:
    with pytest.raises(ValueError, match="is no quantity") as refused:
        Quantity(text)
    assert f'"{text}"' in str(refused.value)
