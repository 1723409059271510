"""Computes the answer to a text, the same in all Python servers."""

import os

import joblib

pipeline = joblib.load(os.environ["PEER_MODEL"])
labels = [str(label) for label in pipeline.classes_]


def answer(text):
    scores = pipeline.predict_proba([text])[0].tolist()
    confidence = max(scores)
    return {
        "prediction": labels[scores.index(confidence)],
        "confidence": confidence,
        "scores": dict(zip(labels, scores)),
    }
