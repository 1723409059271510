"""The BentoML server, for `bentoml serve`. Its own tracing is on if OTEL_EXPORTER_OTLP_ENDPOINT is set."""

import os

import bentoml
from answer import answer

endpoint = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
tracing = {
    "exporter_type": "otlp",
    "sample_rate": 1.0,
    "otlp": {"protocol": "http", "endpoint": f"{endpoint}/v1/traces"},
}


@bentoml.service(
    workers=1,
    logging={"access": {"enabled": False}},
    **({"tracing": tracing} if endpoint else {}),
)
class Spam:
    @bentoml.api
    def predict(self, text: str) -> dict:
        return answer(text)
