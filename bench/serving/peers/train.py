"""Fits the pipeline of the Python servers: train.py TRAIN TEST MODEL. Prints its accuracy on TEST as JSON.

The pipeline is the "scikit-learn words, logistic regression" of the classifier benchmark.
"""

import json
import sys

import joblib
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline


def read(path):
    with open(path, encoding="utf-8") as lines:
        examples = [json.loads(line) for line in lines]
    return [e["text"] for e in examples], [e["label"] for e in examples]


train, test, model = sys.argv[1:]
pipeline = make_pipeline(
    TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression(C=10, max_iter=300)
)
pipeline.fit(*read(train))
joblib.dump(pipeline, model)
print(json.dumps({"accuracy": pipeline.score(*read(test))}))
