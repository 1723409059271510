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
import { bodyProblems, modelName, type NamedSchemas, type Operation, type Parameter } from './operation.ts';

const tag = 'Open Inference Protocol';

const version: Parameter = {
  name: 'version',
  in: 'path',
  description: 'Its version',
  schema: z.string(),
  example: '1',
};

const headerLength: Parameter = {
  name: 'Inference-Header-Content-Length',
  in: 'header',
  description: 'How many bytes of the body are JSON, where binary tensors follow it',
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
    tag,
    summary: 'Which server this is',
    response: { description: 'Name, version, extensions', schema: serverMetadata },
    problems: [],
  },
  {
    method: 'get',
    path: '/v2/health/live',
    id: 'inferenceServerLive',
    tag,
    summary: 'The process answers',
    response: { description: 'It is live', schema: serverLive, example: { live: true } },
    problems: [],
  },
  {
    method: 'get',
    path: '/v2/health/ready',
    id: 'inferenceServerReady',
    tag,
    summary: 'Requests may be sent here',
    response: { description: 'It is ready', schema: serverReady, example: { live: true, ready: true } },
    problems: ['not-ready'],
  },
];

/** The three routes of a model: of its active version, or of the version that the path names. */
function ofModel(path: string, suffix: string, parameters: readonly Parameter[]): Operation[] {
  const problems: readonly ProblemType[] = ['model-not-found', 'not-ready'];
  return [
    {
      method: 'get',
      path,
      id: `inferenceModel${suffix}`,
      tag,
      summary: "A model's versions and tensors",
      parameters,
      response: { description: 'The model', schema: modelMetadata },
      problems,
    },
    {
      method: 'get',
      path: `${path}/ready`,
      id: `inferenceModelReady${suffix}`,
      tag,
      summary: 'The model is loaded',
      parameters,
      response: { description: 'It is ready', schema: modelReady, example: { name: 'spam', ready: true } },
      problems,
    },
    {
      method: 'post',
      path: `${path}/infer`,
      id: `infer${suffix}`,
      tag,
      summary: 'The labels of one text or many',
      description:
        'The shape is `[n]` or `[n, 1]` for `n` texts. As binary data the tensor follows the JSON in the body, each text behind its length in four bytes, little-endian.',
      parameters: [...parameters, headerLength],
      request: { schema: inferenceRequest, examples: { 'two texts': exampleRequest }, binary: true },
      response: { description: 'The outputs', schema: inferenceResponse, example: exampleResponse, binary: true },
      problems: [...bodyProblems, 'text-too-long', 'batch-too-large', ...problems],
    },
  ];
}

const repository: readonly Operation[] = [
  {
    method: 'post',
    path: '/v2/repository/index',
    id: 'indexRepository',
    tag,
    summary: 'Every stored or loaded version of every model',
    request: { schema: indexRequest, examples: { 'only what is ready': { ready: true } }, optional: true },
    response: { description: 'The versions', schema: indexResponse },
    problems: [...bodyProblems, 'not-ready'],
  },
  {
    method: 'post',
    path: '/v2/repository/models/{name}/load',
    id: 'loadModel',
    tag,
    summary: 'Reads a model from the models folder, anew if it is loaded',
    parameters: [modelName],
    request: { schema: loadRequest, examples: { 'as it is stored': {} }, optional: true },
    response: { description: 'It is loaded', schema: z.object({}), example: {} },
    problems: [...bodyProblems, 'model-not-found', 'model-damaged'],
  },
  {
    method: 'post',
    path: '/v2/repository/models/{name}/unload',
    id: 'unloadModel',
    tag,
    summary: 'Takes a model out of memory; it stays in the models folder',
    parameters: [modelName],
    request: { schema: unloadRequest, examples: { 'nothing to say': {} }, optional: true },
    response: { description: 'It is unloaded', schema: z.object({}), example: {} },
    problems: [...bodyProblems, 'model-not-found', 'model-needed', 'not-ready'],
  },
];

/** The routes under `/v2`. */
export const inferenceOperations: readonly Operation[] = [
  ...server,
  ...ofModel('/v2/models/{name}', '', [modelName]),
  ...ofModel('/v2/models/{name}/versions/{version}', 'Version', [modelName, version]),
  ...repository,
];

export const inferenceSchemas: NamedSchemas = {
  InferenceRequest: inferenceRequest,
  InferenceResponse: inferenceResponse,
  ModelMetadata: modelMetadata,
};
