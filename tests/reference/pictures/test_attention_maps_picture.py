"""The picture of attention weights: drawn as passed, on one scale, with the tokens in order."""

import numpy as np
import torch

from reference.pictures import attention_maps


def test_every_map_is_drawn_as_it_was_passed_on_one_scale():
    maps = {f"head {i}": torch.rand(3, 4, generator=torch.manual_seed(i)) for i in range(5)}
    figure = attention_maps.picture(maps, "abc", "wxyz")
    *panels, bar = figure.axes
    assert [axes.get_title(loc="left") for axes in panels] == list(maps)
    for axes, weights in zip(panels, maps.values(), strict=True):
        (squares,) = axes.images
        np.testing.assert_array_equal(squares.get_array(), weights)
        assert squares.get_clim() == (0, 1)
    assert bar.get_ylabel() == "weight (share of 1)"


def test_rows_are_queries_and_columns_keys_in_their_order():
    axes, _ = attention_maps.picture({"": torch.zeros(3, 4)}, "abc", "wxyz").axes
    assert [tick.get_text() for tick in axes.get_yticklabels()] == list("abc")
    assert [tick.get_text() for tick in axes.get_xticklabels()] == list("wxyz")
    assert axes.get_ylim() == (2.5, -0.5)  # the first row on top
    own, _ = attention_maps.picture({"": torch.zeros(3, 3)}, "abc").axes
    assert [tick.get_text() for tick in own.get_xticklabels()] == list("abc")


def test_larger_weights_are_darker():
    squares = attention_maps.picture({"": torch.tensor([[0.0, 0.5, 1.0]])}, "a", "xyz").axes[0]
    colours = squares.images[0].cmap(np.array([0.0, 0.5, 1.0]))[:, :3].mean(1)
    assert colours[0] > colours[1] + 0.2 > colours[2] + 0.4
