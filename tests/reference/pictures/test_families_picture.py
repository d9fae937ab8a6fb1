"""The picture of the three families: cells, predictions and the border are what was passed."""

import numpy as np
import pytest
import torch

from reference.pictures import families
from reference.pictures.families import Family


def labels(axis_texts):
    return [text.get_text() for text in axis_texts]


def test_each_panel_has_the_cells_of_its_family_the_first_token_on_top(figures, three):
    for axes, family in zip(figures["families"].axes, three, strict=True):
        cells = axes.collections[0].get_array()
        np.testing.assert_array_equal(np.asarray(cells, dtype=bool), family.sees)
        assert axes.yaxis_inverted()
        assert not axes.xaxis_inverted()
        assert labels(axes.get_xticklabels()) == labels(axes.get_yticklabels())
        assert labels(axes.get_yticklabels()) == list(family.tokens)
        assert axes.get_title(loc="left") == family.name


def test_each_prediction_stands_at_its_row(figures, three):
    for axes, family in zip(figures["families"].axes, three, strict=True):
        (says,) = axes.child_axes
        assert labels(says.get_yticklabels()) == list(family.targets)
        np.testing.assert_array_equal(says.get_yticks(), axes.get_yticks())
        assert says.get_ylim() == axes.get_ylim()


def test_lines_part_the_encoder_from_the_decoder_where_there_are_both(figures):
    encoder, decoder, both = figures["families"].axes
    assert not encoder.lines
    assert not decoder.lines
    across, down = both.lines
    assert list(across.get_ydata()) == [2, 2]
    assert list(down.get_xdata()) == [2, 2]


def test_what_does_not_fit_together_is_refused():
    wrong = Family("BERT", ["a", "b"], torch.ones(2, 3, dtype=torch.bool), ["", ""])
    with pytest.raises(ValueError, match=r"2 tokens need an \(n, n\) mask .*: got \(2, 3\) and 2;"):
        families.picture([wrong])
