"""Known mistakes in `count_parameters`, each under a name, with what to tell a student.

Left out: slips of the pen. Proved by: `autograder validate a7_scaling_laws`.
"""

from typing import Any

from assignments.a7_scaling_laws.checks.count_parameters import sizes
from autograder.draw import Draw
from autograder.misconception import Misconception, Observation, observe


def count_untied(n_layers, d_model, vocab_size, context_length):
    """A head of its own."""
    block = 12 * d_model**2 + 13 * d_model
    return (2 * vocab_size + context_length + 2) * d_model + n_layers * block


def count_head_bias(n_layers, d_model, vocab_size, context_length):
    """A bias for each word."""
    block = 12 * d_model**2 + 13 * d_model
    return (vocab_size + context_length + 2) * d_model + n_layers * block + vocab_size


def count_without_embeddings(n_layers, d_model, vocab_size, context_length):
    """Kaplan's N."""
    return n_layers * (12 * d_model**2 + 13 * d_model) + 2 * d_model


def count_without_positions(n_layers, d_model, vocab_size, context_length):
    """As if positions were sinusoids."""
    return (vocab_size + 2) * d_model + n_layers * (12 * d_model**2 + 13 * d_model)


def count_twelve_d_squared(n_layers, d_model, vocab_size, context_length):
    """Matrices alone."""
    return (vocab_size + context_length) * d_model + 12 * n_layers * d_model**2


def count_kaplan(n_layers, d_model, vocab_size, context_length):
    """The rule of thumb 12 L d²."""
    return 12 * n_layers * d_model**2


def count_without_biases(n_layers, d_model, vocab_size, context_length):
    """Norms, yes; biases of the maps, no."""
    block = 12 * d_model**2 + 4 * d_model
    return (vocab_size + context_length + 2) * d_model + n_layers * block


def count_without_norms(n_layers, d_model, vocab_size, context_length):
    """Biases, yes; norms, no."""
    return (vocab_size + context_length) * d_model + n_layers * (12 * d_model**2 + 9 * d_model)


def count_without_final_norm(n_layers, d_model, vocab_size, context_length):
    """Only the norms of the layers."""
    return (vocab_size + context_length) * d_model + n_layers * (12 * d_model**2 + 13 * d_model)


def count_one_norm_a_layer(n_layers, d_model, vocab_size, context_length):
    """One for attention and feed-forward together."""
    block = 12 * d_model**2 + 11 * d_model
    return (vocab_size + context_length + 2) * d_model + n_layers * block


def count_norms_without_bias(n_layers, d_model, vocab_size, context_length):
    """A gain for each norm, and nothing else."""
    block = 12 * d_model**2 + 11 * d_model
    return (vocab_size + context_length + 1) * d_model + n_layers * block


def count_without_output_map(n_layers, d_model, vocab_size, context_length):
    """Queries, keys and values alone."""
    block = 11 * d_model**2 + 12 * d_model
    return (vocab_size + context_length + 2) * d_model + n_layers * block


def count_one_feed_forward_map(n_layers, d_model, vocab_size, context_length):
    """The way up, and not the way down."""
    block = 8 * d_model**2 + 12 * d_model
    return (vocab_size + context_length + 2) * d_model + n_layers * block


def count_narrow_feed_forward(n_layers, d_model, vocab_size, context_length):
    """d_ff = d."""
    block = 6 * d_model**2 + 10 * d_model
    return (vocab_size + context_length + 2) * d_model + n_layers * block


def count_biases_of_inputs(n_layers, d_model, vocab_size, context_length):
    """Both maps of the feed-forward network with a bias of d."""
    block = 12 * d_model**2 + 10 * d_model
    return (vocab_size + context_length + 2) * d_model + n_layers * block


def _counts(student: Any, draw: Draw) -> Observation:
    """Counts of five models, exact."""
    return tuple(
        observe(lambda given=given: int(student(*given)))
        for given in [*sizes(draw, 4), (2, 3, 5, 7)]
    )


MISCONCEPTIONS = tuple(
    Misconception(name, sentence, implementation, _counts)
    for name, sentence, implementation in (
        (
            "count-untied",
            "You count the word vectors twice. In GPT-2 the head is the same matrix, used a second "
            "time: it is trained once, and counts once.",
            count_untied,
        ),
        (
            "count-head-bias",
            "You give the head a bias for every word. GPT-2's head is the matrix of word vectors "
            "and nothing else.",
            count_head_bias,
        ),
        (
            "count-without-embeddings",
            "You leave out the embeddings, as Kaplan et al. did. Here all parameters count: V and "
            "T vectors of d numbers each.",
            count_without_embeddings,
        ),
        (
            "count-without-positions",
            "You leave out the position vectors. GPT-2 learns them: one of d numbers for each "
            "place of the context.",
            count_without_positions,
        ),
        (
            "count-twelve-d-squared",
            "You count matrices only, 12 d² a layer. Biases and norms are small, but exact means "
            "exact: 13 d more for each layer, and 2 d at the end.",
            count_twelve_d_squared,
        ),
        (
            "count-kaplan",
            "12 L d² is the rule of thumb for the matrices within the layers. Embeddings, biases "
            "and norms are parameters too.",
            count_kaplan,
        ),
        (
            "count-without-biases",
            "You leave out the biases of the maps: one for each output, 3 d + d in the attention "
            "and 4 d + d in the feed-forward network.",
            count_without_biases,
        ),
        (
            "count-without-norms",
            "You leave out the norms: two in each layer and one at the end, each with a gain and a "
            "bias of d numbers.",
            count_without_norms,
        ),
        (
            "count-without-final-norm",
            "You leave out the norm behind the last layer: 2 d parameters.",
            count_without_final_norm,
        ),
        (
            "count-one-norm-a-layer",
            "You count one norm in each layer. There are two: one before the attention and one "
            "before the feed-forward network.",
            count_one_norm_a_layer,
        ),
        (
            "count-norms-without-bias",
            "You count a gain for each norm and forget its bias: a norm has 2 d parameters.",
            count_norms_without_bias,
        ),
        (
            "count-without-output-map",
            "You count queries, keys and values, and forget the map that mixes the heads at the "
            "end: d² weights and d biases more in each layer.",
            count_without_output_map,
        ),
        (
            "count-one-feed-forward-map",
            "You count the map from d to 4 d and forget the one back from 4 d to d.",
            count_one_feed_forward_map,
        ),
        (
            "count-narrow-feed-forward",
            "Your feed-forward network is as wide as the model. It is four times as wide inside: "
            "two matrices of 4 d² and a bias of 4 d.",
            count_narrow_feed_forward,
        ),
        (
            "count-biases-of-inputs",
            "The first map of the feed-forward network has 4 d outputs, hence 4 d biases, and you "
            "count d: a bias belongs to an output.",
            count_biases_of_inputs,
        ),
    )
)
