"""All that ever runs beside student code; imports nothing of ours but itself.

| module | what it does |
| --- | --- |
| `wire.py` | packets and messages between the judge and a student's process |
| `messages.py` | the messages, as plain structs |
| `writer.py` | values as plain JSON and raw tensors |
| `reader.py` | the same values read again, nothing trusted |
| `tensors.py` | raw tensors as one blob, and back |
| `peer.py` | one end of a conversation: calls, callbacks, vector–Jacobian products |
| `arguments.py` | what a call does to its arguments in place |
| `exchange.py` | the asking side of a call, and how it is differentiated |
| `jail.py` | namespaces, mounts, limits, capabilities and system calls of one student's process |
| `shell.py` | IPython's shell with its outputs collected |
| `magics.py` | IPython's magics, looked for where they can be |
| `server.py` | a student's process: runs cells, forks snapshots, answers calls |
| `huge_pages.py` | the warm process's memory on huge pages, for quick forks |
| `meta_device.py` | what operations on the meta device need, loaded once |
| `zygote.py` | the warm process from which every student's process is forked |

The judge imports `wire`, `writer`, `reader` and `peer` too: they never evaluate, unpickle or import
what the other side names. Inside the sandbox the folder is mounted as the top-level package
`inside`, hence only relative imports.
"""
