"""The lecture's table, as published: how the best size and data grow with compute.

Slide "Joint data-model scaling laws": N_opt ∝ C^a, D_opt ∝ C^b. Rows 1 to 3 are Hoffmann et al.
2022, Table 2, with their 10th and 90th percentiles; then Kaplan et al. 2020, as they are quoted
there; then what Besiroglu et al. 2024 found in the points of row 3's own figure.

>>> for row in PUBLISHED:
...     print(row.source, row.approach, row.a, row.a_interval)
Hoffmann 2022 1 minimum over curves 0.5 (0.488, 0.502)
Hoffmann 2022 2 IsoFLOP profiles 0.49 (0.462, 0.534)
Hoffmann 2022 3 parametric fit 0.46 (0.454, 0.455)
Kaplan 2020 other set-up 0.73 None
Besiroglu 2024 3 parametric fit 0.513 None

Row 3's interval does not hold its own estimate, printed with two digits.

Left out: intervals that we could not find in print; papers since (see `published_runs`).
Proved by: a and b add up to 1; the slide's digits.
"""

from typing import NamedTuple

from reference.scaling_laws import Interval

APPROACHES = ("1 minimum over curves", "2 IsoFLOP profiles", "3 parametric fit", "other set-up")


class Row(NamedTuple):
    """A row of the table: who, by which approach, and the exponents with intervals if known."""

    source: str
    approach: str
    a: float
    a_interval: Interval | None
    b: float
    b_interval: Interval | None


PUBLISHED = (
    Row("Hoffmann 2022", APPROACHES[0], 0.50, (0.488, 0.502), 0.50, (0.501, 0.512)),
    Row("Hoffmann 2022", APPROACHES[1], 0.49, (0.462, 0.534), 0.51, (0.483, 0.529)),
    Row("Hoffmann 2022", APPROACHES[2], 0.46, (0.454, 0.455), 0.54, (0.542, 0.543)),
    Row("Kaplan 2020", APPROACHES[3], 0.73, None, 0.27, None),
    Row("Besiroglu 2024", APPROACHES[2], 0.513, None, 0.487, None),
)
