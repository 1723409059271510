"""Prints token ids by the Python package tokenizers, and embeddings by ONNX Runtime for Python, as JSON.

    python peers.py ENCODER TEXTS MAX_TOKENS EMBEDDED

ENCODER is the folder of an encoder, TEXTS a JSON array of texts. The first EMBEDDED texts get an embedding too: the mean over
the tokens of the attention mask, scaled to length 1, as sentence-transformers computes it.
"""

import json
import sys
from pathlib import Path

import numpy
import onnxruntime
from tokenizers import Tokenizer

folder, texts, max_tokens, embedded = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text()), *map(int, sys.argv[3:5])
tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
tokenizer.no_padding()
tokenizer.enable_truncation(max_length=max_tokens)
ids = [tokenizer.encode(text).ids for text in texts]

session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
names = [entry.name for entry in session.get_inputs()]
embeddings = []
for row in ids[:embedded]:
    values = {"input_ids": row, "attention_mask": [1] * len(row), "token_type_ids": [0] * len(row)}
    feeds = {name: numpy.array([values[name]], dtype=numpy.int64) for name in names}
    states = session.run(None, feeds)[0]
    mean = states[0].mean(axis=0) if states.ndim == 3 else states[0]
    embeddings.append((mean / numpy.linalg.norm(mean)).tolist())
json.dump({"ids": ids, "embeddings": embeddings}, sys.stdout)
