import { z } from 'zod';
import type { ProblemType } from '../../platform/problems.ts';
import {
  indexRequest,
  indexResponse,
  inferenceRequest,
  inferenceResponse,
  loadRequest,
  modelMetadata,
  modelReady,
  serverLive,
  serverMetadata,
  serverReady,
  unloadRequest,
} from '../inference/protocol.ts';
import {
  BODY_PROBLEMS,
  ENDPOINT_PROBLEMS,
  modelName,
  type NamedSchemas,
  type Operation,
  type Parameter,
} from './operation.ts';

const TAG = 'Open Inference Protocol';

const version: Parameter = {
  name: 'version',
  in: 'path',
  description: 'The version of the model',
  schema: z.string(),
  example: '1',
};

const headerLength: Parameter = {
  name: 'Inference-Header-Content-Length',
  in: 'header',
  description: 'The length of the JSON in bytes, if binary tensors follow it in the body',
  schema: z.string().regex(/^\d{0,15}$/),
};

const exampleRequest = {
  id: '42',
  inputs: [{ name: 'text', datatype: 'BYTES', shape: [2], data: ['Win a prize', 'See you at the meeting'] }],
  outputs: [{ name: 'label' }, { name: 'confidence' }],
};
const exampleResponse = {
  model_name: 'spam',
  model_version: '1',
  id: '42',
  outputs: [
    { name: 'label', datatype: 'BYTES', shape: [2], data: ['spam', 'ham'] },
    { name: 'confidence', datatype: 'FP64', shape: [2], data: [0.98, 0.97] },
  ],
};

const server: readonly Operation[] = [
  {
    method: 'get',
    path: '/v2',
    id: 'inferenceServer',
    tag: TAG,
    summary: 'Returns the name, the version and the extensions of the server',
    response: { description: 'Name, version and extensions', schema: serverMetadata },
    problems: [],
  },
  {
    method: 'get',
    path: '/v2/health/live',
    id: 'inferenceServerLive',
    tag: TAG,
    summary: 'Answers if the process is alive',
    response: { description: 'The process is alive', schema: serverLive, example: { live: true } },
    problems: [],
  },
  {
    method: 'get',
    path: '/v2/health/ready',
    id: 'inferenceServerReady',
    tag: TAG,
    summary: 'Answers 200 if the service accepts requests',
    response: { description: 'The service is ready', schema: serverReady, example: { live: true, ready: true } },
    problems: ['not-ready'],
  },
];

/** Returns the three operations of a model: those of its active version, or of the version in the path. */
function modelOperations(path: string, suffix: string, parameters: readonly Parameter[]): Operation[] {
  const problems: readonly ProblemType[] = ['model-not-found', 'not-ready'];
  return [
    {
      method: 'get',
      path,
      id: `inferenceModel${suffix}`,
      tag: TAG,
      summary: 'Returns the versions and the tensors of a model',
      parameters,
      response: { description: 'The model', schema: modelMetadata },
      problems,
    },
    {
      method: 'get',
      path: `${path}/ready`,
      id: `inferenceModelReady${suffix}`,
      tag: TAG,
      summary: 'Answers 200 if the model is loaded',
      parameters,
      response: { description: 'The model is loaded', schema: modelReady, example: { name: 'spam', ready: true } },
      problems,
    },
    {
      method: 'post',
      path: `${path}/infer`,
      id: `infer${suffix}`,
      tag: TAG,
      summary: 'Returns the labels of one text or many',
      description:
        'The shape is `[n]` or `[n, 1]` for `n` texts. As binary data, the tensor follows the JSON in the body. Each text follows its length in four bytes, little-endian.',
      parameters: [...parameters, headerLength],
      request: { schema: inferenceRequest, examples: { 'two texts': exampleRequest }, binary: true },
      response: { description: 'The outputs', schema: inferenceResponse, example: exampleResponse, binary: true },
      problems: [
        ...BODY_PROBLEMS,
        'text-too-long',
        'batch-too-large',
        'storage-unavailable',
        ...ENDPOINT_PROBLEMS,
        ...problems,
      ],
    },
  ];
}

const repository: readonly Operation[] = [
  {
    method: 'post',
    path: '/v2/repository/index',
    id: 'indexRepository',
    tag: TAG,
    summary: 'Lists every stored or loaded version of every model',
    request: { schema: indexRequest, examples: { 'only versions that are ready': { ready: true } }, optional: true },
    response: { description: 'The versions', schema: indexResponse },
    problems: [...BODY_PROBLEMS, 'not-ready'],
  },
  {
    method: 'post',
    path: '/v2/repository/models/{name}/load',
    id: 'loadModel',
    tag: TAG,
    summary: 'Loads a model from the models folder, also if it is loaded already',
    parameters: [modelName],
    request: { schema: loadRequest, examples: { 'without parameters': {} }, optional: true },
    response: { description: 'The model is loaded', schema: z.object({}), example: {} },
    problems: [...BODY_PROBLEMS, 'model-not-found', 'model-damaged'],
  },
  {
    method: 'post',
    path: '/v2/repository/models/{name}/unload',
    id: 'unloadModel',
    tag: TAG,
    summary: 'Removes a model from memory; it stays in the models folder',
    parameters: [modelName],
    request: { schema: unloadRequest, examples: { 'without parameters': {} }, optional: true },
    response: { description: 'The model is unloaded', schema: z.object({}), example: {} },
    problems: [...BODY_PROBLEMS, 'model-not-found', 'model-needed', 'not-ready'],
  },
];

/** The operations under `/v2`. */
export const inferenceOperations: readonly Operation[] = [
  ...server,
  ...modelOperations('/v2/models/{name}', '', [modelName]),
  ...modelOperations('/v2/models/{name}/versions/{version}', 'Version', [modelName, version]),
  ...repository,
];

/** The named schemas of these operations. */
export const inferenceSchemas: NamedSchemas = {
  InferenceRequest: inferenceRequest,
  InferenceResponse: inferenceResponse,
  ModelMetadata: modelMetadata,
};
