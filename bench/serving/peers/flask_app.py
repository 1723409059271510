"""The Flask server, for gunicorn."""

from answer import answer
from flask import Flask, jsonify, request
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from tracing import traced

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.post("/predict")
def predict():
    return jsonify(answer(request.get_json()["text"]))


if traced:
    FlaskInstrumentor().instrument_app(app)
