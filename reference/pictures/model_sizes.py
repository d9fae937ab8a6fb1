"""Model sizes: parameters over time, counted from the published layers.

Slides "How large are large LMs", "Scaling: LM Landscape with GPT-3". The marker tells the kind.

Left out: models whose layers were not published.
Proved by: every model of the landscape is drawn at its count and its date, and named once.
"""

from collections.abc import Mapping

from matplotlib.figure import Figure

from reference.landscape import Published
from reference.pictures.style import BLACK, ORANGE, SKY, new_figure, styled

KINDS = {  # layers on which side, and the look
    (True, False): ("encoder", "s", SKY),
    (False, True): ("decoder", "o", ORANGE),
    (True, True): ("encoder and decoder", "^", BLACK),
}
PLACES = {  # points from the marker, and the label's aligned side, where a neighbour is in the way
    "GPT-1": ((-7, -3), "right"),
    "BERT base": ((0, -13), "center"),
    "Gopher": ((-7, -3), "right"),
    "Chinchilla": ((-7, -3), "right"),
    "MT-NLG": ((-7, -3), "right"),
    "LLaMA 65B": ((-7, -3), "right"),
}


@styled
def picture(models: Mapping[str, Published]) -> Figure:
    """Draw models, each with its name."""
    figure, axes = new_figure(panel=(8.0, 4.8))
    for sides, (kind, marker, colour) in KINDS.items():
        chosen = {name: model for name, model in models.items() if _sides(model) == sides}
        dates = [model.date for model in chosen.values()]
        counts = [model.architecture.parameters().total for model in chosen.values()]
        axes.plot(dates, counts, marker, color=colour, mec=BLACK, mew=0.6, ms=7, label=kind)
        for name, date, count in zip(chosen, dates, counts, strict=True):
            (x, y), side = PLACES.get(name, ((7, -3), "left"))
            axes.annotate(name, (date, count), (x, y), textcoords="offset points", ha=side, size=8)
    axes.margins(x=0.12)
    axes.set(yscale="log", xlabel="published (year)")
    axes.set_ylabel("parameters, counted from the architecture (number)")
    axes.legend(loc="upper left")
    return figure


def _sides(model: Published) -> tuple[bool, bool]:
    return model.architecture.encoder_layers > 0, model.architecture.decoder_layers > 0
