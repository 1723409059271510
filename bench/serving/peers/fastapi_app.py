"""The FastAPI server, for uvicorn. The handler is not async, as FastAPI recommends for work that does not await."""

from answer import answer
from fastapi import FastAPI
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from pydantic import BaseModel
from tracing import traced


class Text(BaseModel):
    text: str


class Answer(BaseModel):
    prediction: str
    confidence: float
    scores: dict[str, float]


app = FastAPI()


@app.get("/health")
def health():
    return "ok"


@app.post("/predict")
def predict(body: Text) -> Answer:
    return Answer(**answer(body.text))


if traced:
    FastAPIInstrumentor.instrument_app(app)
