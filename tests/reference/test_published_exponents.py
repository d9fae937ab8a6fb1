"""published_exponents.py: the slide's digits."""

import pytest

from reference.joint_law import JointLaw
from reference.published_exponents import APPROACHES, PUBLISHED


def test_the_table_has_the_slides_digits():
    slide = """
    0.50 (0.488, 0.502)  0.50 (0.501, 0.512)
    0.49 (0.462, 0.534)  0.51 (0.483, 0.529)
    0.46 (0.454, 0.455)  0.54 (0.542, 0.543)
    """
    rows = [
        "{:.2f} ({:.3f}, {:.3f})  {:.2f} ({:.3f}, {:.3f})".format(
            row.a, *row.a_interval, row.b, *row.b_interval
        )
        for row in PUBLISHED
        if row.a_interval
    ]
    assert rows == [line.strip() for line in slide.strip().splitlines()]
    kaplan = next(row for row in PUBLISHED if row.source.startswith("Kaplan"))
    assert (kaplan.a, kaplan.b) == (0.73, 0.27)


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: f"{row.source}, {row.approach}")
def test_a_and_b_add_up_to_1(row):
    assert row.a + row.b == pytest.approx(1)
    assert row.approach in APPROACHES


def test_besiroglus_row_is_that_of_their_coefficients():
    """To the digit that is lost where α and β are printed with two or three."""
    law = JointLaw(E=1.8169, A=482.01, B=2085.43, alpha=0.3478, beta=0.3659)
    (row,) = (row for row in PUBLISHED if row.source.startswith("Besiroglu"))
    assert law.optimal_exponents()[0] == pytest.approx(row.a, abs=5e-4)
    assert (row.a_interval, row.b_interval) == (None, None)
