"""early_stop and porian_walk: what they draw is what was found."""

import numpy as np
import pytest

from reference.compute_optimal import Exponents
from reference.early_stop import Stop
from reference.joint_law import JointLaw
from reference.pictures import early_stop, porian_walk
from reference.published_runs import WALK


def stop(alpha, beta, objective):
    return Stop(JointLaw(E=1.8, A=400.0, B=400.0, alpha=alpha, beta=beta), objective, "")


@pytest.fixture(scope="module")
def early():
    stops = [stop(0.34, 0.28, 0.0012), stop(0.335, 0.275, 0.0013), stop(1.4, 0.3, 0.011)]
    steps = [stops[0], stop(0.36, 0.33, 0.0011), stop(0.35, 0.37, 0.001)]
    return early_stop.picture(stops, steps, JointLaw(1.69, 406.4, 410.7, 0.34, 0.285))


def test_stops_the_way_and_the_minimum_are_drawn_in_the_plane_of_the_exponents(early):
    left, _ = early.axes
    way, stops, published, minimum = left.lines
    np.testing.assert_array_equal(way.get_xydata(), [(0.34, 0.28), (0.36, 0.33), (0.35, 0.37)])
    np.testing.assert_array_equal(stops.get_xydata(), [(0.34, 0.28), (0.335, 0.275), (1.4, 0.3)])
    assert published.get_xydata().tolist() == [[0.34, 0.285]]
    assert minimum.get_xydata().tolist() == [[0.35, 0.37]]


def test_what_lies_beyond_the_frame_is_counted(early):
    left, _ = early.axes
    assert left.get_title(loc="left") == "Where searches end; 1 of 3 beyond the frame"
    assert left.get_xlim()[1] < 1.4


def test_the_objective_is_drawn_from_the_stop_to_the_minimum(early):
    _, right = early.axes
    np.testing.assert_allclose(right.lines[0].get_ydata(), [1.2, 1.1, 1.0])
    assert right.lines[2].get_xydata()[0] == pytest.approx([2, 1.0])
    assert right.get_ylabel() == "sum of Huber losses over runs (10⁻³)"


def test_the_walk_goes_down_the_page_ours_beside_the_authors():
    found = [
        Exponents(a, (a - 0.02, a + 0.03), 1 - a, (0.97 - a, 1.02 - a), 1.0)
        for a in (0.86, 0.69, 0.59, 0.55, 0.51)
    ]
    (axes,) = porian_walk.picture(list(zip(WALK, found, strict=True))).axes
    labelled = {line.get_label(): line.get_xdata() for line in axes.lines}
    assert list(labelled["parabolas here, middle 80%"]) == [e.a for e in found]
    assert list(labelled["the authors' fits"]) == [step.authors for step in WALK]
    bars = [tuple(line.get_xdata()) for line in axes.lines if line.get_marker() == "|"]
    assert bars == [e.a_interval for e in found]
    assert [label.get_text() for label in axes.get_yticklabels()] == [s.change for s in WALK]
    assert axes.yaxis_inverted()
