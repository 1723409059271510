"""Fits scikit-learn's pipelines on TRAIN, evaluates them on TEST, and prints one line of JSON for each.

Usage: peers.py TRAIN TEST, both JSON Lines of {"text", "label"}. Runs on one thread, like the classifier.
"""

import json
import sys
import time

import numpy
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC

TIMED_TEXTS = 300


def read(path):
    with open(path, encoding="utf-8") as lines:
        examples = [json.loads(line) for line in lines]
    return [e["text"] for e in examples], numpy.array([e["label"] for e in examples])


def words():
    return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)


def words_and_characters():
    return make_union(words(), TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, min_df=2))


def calibration_error(probabilities, classes, truth):
    """Returns the expected calibration error over 15 bins of equal width."""
    confidence = probabilities.max(axis=1)
    correct = classes[probabilities.argmax(axis=1)] == truth
    bins = numpy.clip(numpy.ceil(confidence * 15).astype(int) - 1, 0, 14)
    return float(sum(abs(correct[bins == b].sum() - confidence[bins == b].sum()) for b in range(15)) / len(truth))


def main(train, test):
    texts, labels = read(train)
    held_out, truth = read(test)
    pipelines = {
        "scikit-learn words, logistic regression": (words, LogisticRegression(C=10, max_iter=300)),
        "scikit-learn words, linear SVM": (words, LinearSVC()),
        "scikit-learn words + characters, logistic regression": (
            words_and_characters,
            LogisticRegression(C=30, max_iter=300),
        ),
        "scikit-learn words + characters, linear SVM": (words_and_characters, LinearSVC()),
    }
    for name, (features, model) in pipelines.items():
        pipeline = make_pipeline(features(), model)
        start = time.perf_counter()
        pipeline.fit(texts, labels)
        fit = time.perf_counter() - start
        accuracy = float((pipeline.predict(held_out) == truth).mean())
        error = None
        if hasattr(model, "predict_proba"):
            error = calibration_error(pipeline.predict_proba(held_out), pipeline.classes_, truth)
        durations = []
        for text in held_out[:TIMED_TEXTS]:
            start = time.perf_counter()
            pipeline.predict([text])
            durations.append(time.perf_counter() - start)
        result = {
            "name": name,
            "accuracy": accuracy,
            "calibrationError": error,
            "fitSeconds": fit,
            "p50Seconds": float(numpy.median(durations)),
        }
        print(json.dumps(result), flush=True)


main(sys.argv[1], sys.argv[2])
