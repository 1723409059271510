"""Tests a running service with published clients of the Open Inference Protocol.

The environment variable WAYMARK_URL holds the address of the service. The arguments are those of unittest.
"""

import json
import os
import unittest
import urllib.error
import urllib.request

import numpy
from mlserver import types
from mlserver.codecs import NumpyCodec, StringCodec
from tritonclient import http as triton
from tritonclient.utils import InferenceServerException

URL = os.environ["WAYMARK_URL"]
SPAM = "Congratulations, you won free money, click here to claim your prize now"
HAM = "The patch applies cleanly to the current kernel tree; see the list archive for the discussion."


class Triton(unittest.TestCase):
    """Tests with tritonclient and its defaults: binary tensors in both directions, and no content type."""

    def setUp(self):
        self.client = triton.InferenceServerClient(URL.removeprefix("http://"))
        self.addCleanup(self.client.close)

    def texts(self, *texts, binary=True, shape=None):
        array = numpy.array(texts, dtype=object).reshape(shape or [len(texts)])
        tensor = triton.InferInput("text", list(array.shape), "BYTES")
        tensor.set_data_from_numpy(array, binary_data=binary)
        return [tensor]

    def test_health_and_metadata(self):
        self.assertTrue(self.client.is_server_live())
        self.assertTrue(self.client.is_server_ready())
        self.assertTrue(self.client.is_model_ready("spam"))
        self.assertFalse(self.client.is_model_ready("none"))
        self.assertEqual(self.client.get_server_metadata()["name"], "waymark")
        metadata = self.client.get_model_metadata("spam")
        version = metadata["versions"][0]
        self.assertEqual(self.client.get_model_metadata("spam", version), metadata)
        self.assertTrue(self.client.is_model_ready("spam", version))
        self.assertEqual([tensor["name"] for tensor in metadata["outputs"]], ["label", "confidence", "scores", "id", "abstained"])

    def test_inference_with_binary_tensors(self):
        result = self.client.infer("spam", self.texts(SPAM, HAM, "Grüße 🦊"), request_id="a request")
        self.assertEqual(result.get_response()["id"], "a request")
        self.assertEqual(result.as_numpy("label").tolist()[:2], [b"spam", b"ham"])
        scores = result.as_numpy("scores")
        self.assertEqual((scores.shape, scores.dtype), ((3, 2), numpy.float64))
        numpy.testing.assert_allclose(scores.sum(axis=1), 1)
        numpy.testing.assert_array_equal(result.as_numpy("confidence"), scores.max(axis=1))
        self.assertEqual(len(set(result.as_numpy("id").tolist())), 3)

    def test_inference_in_json_and_mixed_gives_the_same_answer(self):
        binary = self.client.infer("spam", self.texts(SPAM, HAM))
        for in_binary in (True, False):
            for out_binary in (True, False):
                outputs = [triton.InferRequestedOutput(name, binary_data=out_binary) for name in ("scores", "label")]
                inputs = self.texts(SPAM, HAM, binary=in_binary, shape=[2, 1])
                result = self.client.infer("spam", inputs, outputs=outputs)
                self.assertEqual([output["name"] for output in result.get_response()["outputs"]], ["scores", "label"])
                numpy.testing.assert_array_equal(result.as_numpy("scores"), binary.as_numpy("scores"))
                numpy.testing.assert_array_equal(
                    result.as_numpy("label").astype("S"), binary.as_numpy("label").astype("S")
                )

    def test_asynchronous_inference(self):
        requests = [self.client.async_infer("spam", self.texts(text)) for text in (SPAM, HAM)]
        labels = [request.get_result().as_numpy("label")[0] for request in requests]
        self.assertEqual(labels, [b"spam", b"ham"])

    def test_errors(self):
        with self.assertRaisesRegex(InferenceServerException, r"\[404\] No such model is loaded"):
            self.client.infer("none", self.texts(SPAM))
        with self.assertRaisesRegex(InferenceServerException, r"\[400\] .*must be one of label"):
            self.client.infer("spam", self.texts(SPAM), outputs=[triton.InferRequestedOutput("nothing")])
        numbers = triton.InferInput("text", [1], "FP32")
        numbers.set_data_from_numpy(numpy.array([1], dtype=numpy.float32))
        with self.assertRaisesRegex(InferenceServerException, r'\[400\] .*must be "BYTES"'):
            self.client.infer("spam", [numbers])

    def test_repository(self):
        [entry] = self.client.get_model_repository_index()
        self.assertEqual((entry["name"], entry["state"]), ("spam", "READY"))
        self.client.load_model("spam")
        with self.assertRaisesRegex(InferenceServerException, r"\[409\]"):
            self.client.unload_model("spam")
        with self.assertRaisesRegex(InferenceServerException, r"\[404\]"):
            self.client.load_model("none")


class MLServer(unittest.TestCase):
    """Tests with MLServer's REST types and codecs, over a plain HTTP client."""

    def send(self, path, body=None):
        data = None if body is None else body.model_dump_json().encode()
        request = urllib.request.Request(f"{URL}{path}", data, {"content-type": "application/json"})
        try:
            with urllib.request.urlopen(request) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def test_metadata(self):
        server = types.MetadataServerResponse.model_validate_json(self.send("/v2")[1])
        self.assertIn("model_repository", server.extensions)
        model = types.MetadataModelResponse.model_validate_json(self.send("/v2/models/spam")[1])
        self.assertEqual([tensor.datatype for tensor in model.inputs], ["BYTES"])
        self.assertEqual(self.send("/v2/health/ready")[0], 200)

    def test_inference(self):
        encoded = StringCodec.encode_input("text", [SPAM, HAM])
        for request in (
            types.InferenceRequest(id="42", inputs=[encoded]),
            types.InferenceRequest(id="42", inputs=[encoded], outputs=[], parameters=types.Parameters(content_type="str")),
        ):
            status, body = self.send("/v2/models/spam/infer", request)
            self.assertEqual(status, 200, body)
            response = types.InferenceResponse.model_validate_json(body)
            outputs = {output.name: output for output in response.outputs}
            self.assertEqual(response.id, "42")
            self.assertEqual(StringCodec.decode_output(outputs["label"]), ["spam", "ham"])
            self.assertEqual(NumpyCodec.decode_output(outputs["scores"]).shape, (2, 2))
            self.assertEqual(json.loads(outputs["scores"].parameters.labels), ["ham", "spam"])

    def test_errors(self):
        request = types.InferenceRequest(inputs=[StringCodec.encode_input("other", ["a"])])
        status, body = self.send("/v2/models/spam/infer", request)
        self.assertEqual(status, 400)
        self.assertRegex(types.InferenceErrorResponse.model_validate_json(body).error, "must be .text.")

    def test_repository(self):
        body = self.send("/v2/repository/index", types.RepositoryIndexRequest(ready=True))[1]
        [entry] = types.RepositoryIndexResponse.model_validate_json(body)
        self.assertEqual((entry.name, entry.state), ("spam", "READY"))


if __name__ == "__main__":
    unittest.main()
