"""The answers: one idea of the lecture "Intro to LLMs" in each module. Read them in this order.

| concept              | module                | slide                | oracle                   |
| -------------------- | --------------------- | -------------------- | ------------------------ |
| softmax, score g     | `attention`           | Attention            | torch.softmax, gradcheck |
| self-attention       | `attention`           | Self-attention       | torch's attention        |
| masks                | `attention`           | Masked … attention   | torch's attention        |
| several heads        | `multihead_attention` | Multi-head Attention | torch's module           |
| sinusoidal positions | `positions`           | Positional Encoding  | mpmath, 40 digits        |

Beside the third-party oracle stand properties and cases worked by hand: see each module's "Proved
by". Axis names (n, m, d_k, …) are explained in `book/notation.md`. All modules run on any device,
`meta` too, and in float16, bfloat16, float32 and float64.
"""
