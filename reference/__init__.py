"""The answers: one idea of the lecture "Intro to LLMs" in each module. Read them in this order.

| concept               | module                | slide                 | oracle                   |
| --------------------- | --------------------- | --------------------- | ------------------------ |
| softmax, score g      | `attention`           | Attention             | torch.softmax, gradcheck |
| self-attention        | `attention`           | Self-attention        | torch's attention        |
| masks                 | `attention`           | Masked … attention    | torch's attention        |
| several heads         | `multihead_attention` | Multi-head Attention  | torch's module           |
| sinusoidal positions  | `positions`           | Positional Encoding   | mpmath, 40 digits        |
| feed-forward network  | `feed_forward`        | Adding Nonlinearities | torch's layers, SciPy    |
| encoder               | `encoder`             | Transformer Encoder   | torch's encoder          |
| words and punctuation | `basic_tokenizer`     | BERT pre-training     | tokenizers               |
| pieces of words       | `wordpiece`           | BERT pre-training     | tokenizers, its trainer  |
| masked tokens         | `masked_lm`           | MLM: 80-10-10         | transformers' collator   |
| next sentences        | `next_sentence`       | NSP                   | tokenizers' truncation   |
| BERT                  | `bert`                | BERT pre-training     | transformers, gradients  |
| real weights          | `minilm`              | BERT pre-training     | transformers             |
| GPT                   | `gpt`                 | GPT                   | transformers             |
| parameters, FLOPs     | `model_sizes`         | LM Landscape          | torch's FLOP counter     |
| published models      | `landscape`           | LM Landscape          | counts on meta           |
| powers of one size    | `scaling_laws`        | Scaling laws          | scipy, numpy             |
| fits of many starts   | `log_sum_fit`         | Joint … scaling laws  | scipy's optimisers       |
| the joint law         | `joint_law`           | Joint … scaling laws  | published data           |
| compute-optimal size  | `compute_optimal`     | Joint … scaling laws  | published data           |
| least-norm regression | `least_norm`          | Why scaling?          | numpy, Hastie's theorem  |
| double descent        | `double_descent`      | Why scaling?          | closed forms             |
| loss landscapes       | `loss_landscape`      | All minima are global | quadratic losses         |
| minima and paths      | `minima`              | All minima are global | convex losses            |
| real text             | `corpus`              | –                     | cases by hand            |
| a run that resumes    | `training`            | –                     | transformers' schedule   |
| pre-training BERT     | `pretrain_bert`       | BERT pre-training     | the unigram baseline     |
| tokens without end    | `token_source`        | Scaling laws          | its entropy, brute force |
| a study of 200 runs   | `study`               | Joint … scaling laws  | the source's own loss    |
| runs that are kept    | `run_log`             | –                     | logs cut anywhere        |
| commands              | `__main__`            | –                     | the commands run         |

Beside the third-party oracle stand properties and cases worked by hand: see each module's "Proved
by". Axis names (n, m, d_k, …) are explained in `book/notation.md`. Functions and
layers run on any device, `meta` too, and in float16, bfloat16, float32 and float64.
"""
