"""The answers: one idea of the lecture "Intro to LLMs" in each module. Read them in this order.

| concept               | module                | slide                 | oracle                   |
| --------------------- | --------------------- | --------------------- | ------------------------ |
| chain rule            | `language_model`      | Language Models       | nltk, transformers       |
| n-grams               | `ngram`               | Language Models       | nltk                     |
| choosing tokens       | `sampling`            | Language Models       | transformers, SciPy      |
| split by spaces       | `whitespace`          | Tokenization          | tokenizers               |
| byte-pair encoding    | `bpe`                 | Tokenization          | tokenizers               |
| BPE trained in time   | `bpe_training`        | Tokenization          | tokenizers, slide's loop |
| GPT-2's cuts          | `pre_tokenizer`       | Tokenization          | tokenizers               |
| BPE on bytes          | `byte_level_bpe`      | Tokenization          | tokenizers               |
| tokenizers as files   | `tokenizer_file`      | Tokenization          | tokenizers, transformers |
| softmax, score g      | `attention`           | Attention             | torch.softmax, gradcheck |
| self-attention        | `attention`           | Self-attention        | torch's attention        |
| masks                 | `attention`           | Masked … attention    | torch's attention        |
| several heads         | `multihead_attention` | Multi-head Attention  | torch's module           |
| where heads look      | `attention_maps`      | Multi-head Attention  | transformers, values     |
| sinusoidal positions  | `positions`           | Positional Encoding   | mpmath, 40 digits        |
| feed-forward network  | `feed_forward`        | Adding Nonlinearities | torch's layers, SciPy    |
| encoder               | `encoder`             | Transformer Encoder   | torch's encoder          |
| decoder               | `decoder`             | … Encoder-decoder     | torch's decoder          |
| the whole Transformer | `encoder_decoder`     | … Encoder-decoder     | torch's Transformer      |
| words and punctuation | `basic_tokenizer`     | BERT pre-training     | tokenizers               |
| pieces of words       | `wordpiece`           | BERT pre-training     | tokenizers, its trainer  |
| masked tokens         | `masked_lm`           | MLM: 80-10-10         | transformers' collator   |
| next sentences        | `next_sentence`       | NSP                   | tokenizers' truncation   |
| BERT                  | `bert`                | BERT pre-training     | transformers, gradients  |
| real weights          | `minilm`              | BERT pre-training     | transformers             |
| GPT                   | `gpt`                 | GPT                   | transformers             |
| generation, its cache | `generation`          | GPT                   | transformers, FLOPs      |
| relative positions    | `t5_positions`        | T5                    | transformers, integers   |
| T5's layers           | `t5_layers`           | T5                    | torch's RMSNorm          |
| T5                    | `t5`                  | T5                    | transformers, gradients  |
| lost spans            | `span_corruption`     | T5: the example       | every placing, counted   |
| parameters, FLOPs     | `model_sizes`         | LM Landscape          | torch's FLOP counter     |
| published models      | `landscape`           | LM Landscape          | counts on meta           |
| powers of one size    | `scaling_laws`        | Scaling laws          | scipy, numpy             |
| fits of many starts   | `log_sum_fit`         | Joint … scaling laws  | scipy's optimisers       |
| the joint law         | `joint_law`           | Joint … scaling laws  | published data           |
| bottoms at one budget | `profiles`            | Joint … scaling laws  | numpy, the joint law     |
| the lowest curves     | `frontier`            | Joint … scaling laws  | numpy, the joint law     |
| compute-optimal size  | `compute_optimal`     | Joint … scaling laws  | published data           |
| the lecture's table   | `published_exponents` | Joint … scaling laws  | the slide                |
| published runs        | `published_runs`      | Joint … scaling laws  | independent code         |
| a fit stopped early   | `early_stop`          | Joint … scaling laws  | published coefficients   |
| tokens without end    | `token_source`        | Joint … scaling laws  | counts, brute force      |
| a study of 200 runs   | `study`               | Joint … scaling laws  | the source's own loss    |
| their learning rates  | `learning_rate_rule`  | –                     | parabolas, planes        |
| runs that are kept    | `run_log`             | –                     | logs cut anywhere        |
| the study's table     | `study_table`         | –                     | `scaling_table`          |
| … and how it is read  | `scaling_table`       | –                     | Python's csv module      |
| what the study found  | `findings`            | Joint … scaling laws  | tables made from a law   |
| least-norm regression | `least_norm`          | Why scaling?          | numpy, Hastie's theorem  |
| double descent        | `double_descent`      | Why scaling?          | closed forms             |
| loss landscapes       | `loss_landscape`      | All minima are global | quadratic losses         |
| minima and paths      | `minima`              | All minima are global | convex losses            |
| both, as experiments  | `why_scaling`         | Why scaling?          | the same again, coarser  |
| what is trained       | `trainable`           | Adaptation            | counts by hand           |
| probing               | `probing`             | Adaptation: Probing   | scikit-learn             |
| fine-tuning           | `fine_tuning`         | Adaptation: Fine-t…   | transformers, AdamW      |
| soft prompts          | `prompt_tuning`       | Lightweight Fine-t…   | peft                     |
| prefixes              | `prefix_tuning`       | Lightweight Fine-t…   | peft                     |
| adapters              | `adapters`            | Lightweight Fine-t…   | transformers, hooks      |
| low-rank changes      | `lora`                | Lightweight Fine-t…   | peft                     |
| biases alone          | `bitfit`              | Lightweight Fine-t…   | the paper's shares       |
| every method          | `adaptation`          | Adaptation            | counts by hand           |
| what each method gave | `adaptation_table`    | Adaptation            | Python's csv module      |
| rated sentences       | `sentiment`           | –                     | tokenizers, its hash     |
| where to compute      | `device`              | –                     | settings, bits on a GPU  |
| real text             | `corpus`              | –                     | cases by hand            |
| a run that resumes    | `training`            | –                     | transformers' schedule   |
| several processes     | `data_parallel`       | –                     | one process, two of gloo |
| pre-training BERT     | `pretrain_bert`       | BERT pre-training     | the unigram baseline     |
| pre-training GPT      | `pretrain_gpt`        | GPT                   | unigram, bigram          |
| pre-training T5       | `pretrain_t5`         | T5                    | unigram, bigram          |
| T5 that looks it up   | `t5_training`         | T5                    | looks and steps at first |
| commands              | `__main__`            | –                     | the commands run         |

The lecture's three families are made of the same parts, and differ in which token sees which and in
what each is asked. An encoder (BERT) sees all and guesses what was hidden at its own place; a
decoder (GPT) sees itself and the past, and says what comes next; an encoder-decoder (T5) sees all
of its inputs, and says the next token of another text. `pictures.families` draws all three.

Beside the third-party oracle stand properties and cases worked by hand: see each module's "Proved
by". Axis names (n, m, d_k, …) are explained in `book/notation.md`. Functions and
layers run on any device, `meta` too, and in float16, bfloat16, float32 and float64. Pictures stand
in `pictures`, one a module, and commands in `commands`.
"""
