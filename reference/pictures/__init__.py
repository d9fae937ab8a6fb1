"""Pictures of the lecture: one a module, each a function `picture` from results to a Figure.

| picture              | slide                         | what it draws                          |
| -------------------- | ----------------------------- | -------------------------------------- |
| `attention_maps`     | Self-, Multi-head Attention   | `attention_maps`, or any weights       |
| `layers`             | Transformer Encoder(-decoder) | the sub-layers of a layer, in order    |
| `families`           | LLMs Taxonomy                 | masks and targets, of any models       |
| `model_sizes`        | LM Landscape                  | `landscape`                            |
| `double_descent`     | Why scaling?                  | `double_descent`                       |
| `landscapes`         | All minima are global         | `loss_landscape`                       |
| `minima`             | All minima are global         | `minima`                               |
| `loss_frontier`      | Joint … scaling laws, row 1   | `frontier`, its best N at each C       |
| `isoflop_profiles`   | Joint … scaling laws, row 2   | `profiles`, their best N at each C     |
| `joint_law_contours` | Joint … scaling laws, row 3   | `joint_law`, its best N at each C      |
| `exponents`          | Joint … scaling laws          | `compute_optimal`, and as published    |
| `early_stop`         | Joint … scaling laws, row 3   | `early_stop`, on the published runs    |
| `porian_walk`        | Joint … scaling laws, Kaplan  | `published_runs`                       |
| `adaptation`         | Adaptation                    | `adaptation_table`                     |

None reads a file or knows pyplot's state; `style` holds what all share. They are made for a light
page, and tell their parts apart without colour.
"""
