"""The Jupyter Book: its pages, and the few modules that build it.

| module      | what it does                                                                    |
| ----------- | ------------------------------------------------------------------------------- |
| `editions`  | lays out what one edition reads: pages, table of contents, settings             |
| `notebooks` | puts the released assignments in, as pages and to download                      |
| `solutions` | writes the pages that the instructor edition has besides                        |
| `execution` | executes what has code cells, once for both editions, and keeps the outputs     |
| `leaks`     | searches the edition for students for what it must not say                      |
| `launch`    | an extension of Sphinx: buttons that open an assignment in Colab or JupyterHub  |
| `citations` | an extension of Sphinx: the bibliography as a list that screen readers know     |
| `__main__`  | `python -m book`: all of this                                                   |

`contents.yml` says which pages there are, and in which edition. A page is MyST Markdown.
"""
