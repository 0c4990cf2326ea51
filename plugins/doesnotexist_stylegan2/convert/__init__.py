"""Other people's checkpoints into safetensors, without running a byte of them.

A pickle is a program. Here it is never run: a decoder (`opcodes`) and a stack machine (`machine`) of our
own work out what the program would build, out of the few symbols (`symbols`) that weight files need, each
of which is an inert object. Nothing is imported, called or executed on a checkpoint's word, and the work
happens in a confined child process (`child`, started by `jail`) under limits of memory and time.

    bytes ── machine ──> inert objects ── formats ──> tensors + architecture ── arrays ──> safetensors
"""
