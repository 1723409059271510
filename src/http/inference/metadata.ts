import type { Middleware } from 'koa';
import type { z } from 'zod';
import packageJson from '../../../package.json' with { type: 'json' };
import { Problem } from '../../platform/problems.ts';
import type { RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';
import { labelsParameter } from './inference-response.ts';
import {
  INPUT,
  type modelMetadata,
  type modelReady,
  type serverLive,
  type serverMetadata,
  type serverReady,
} from './protocol.ts';
import { requestedModel } from './requested-model.ts';

const extensions = ['binary_tensor_data', 'model_repository'];

/** `GET /v2`: which server this is. */
export function describeServer(): Middleware<RequestState> {
  return (ctx) => {
    ctx.body = { name: packageJson.name, version: packageJson.version, extensions } satisfies z.output<
      typeof serverMetadata
    >;
  };
}

/** `GET /v2/health/live`. */
export function serverIsLive(): Middleware<RequestState> {
  return (ctx) => {
    ctx.body = { live: true } satisfies z.output<typeof serverLive>;
  };
}

/** `GET /v2/health/ready`: the protocol names the field "live" here too, and its clients look at the status. */
export function serverIsReady({ phase }: Service): Middleware<RequestState> {
  return (ctx) => {
    if (phase() !== 'ready') throw new Problem('not-ready', `The service is ${phase()}.`, { 'retry-after': '1' });
    ctx.body = { live: true, ready: true } satisfies z.output<typeof serverReady>;
  };
}

/** `GET /v2/models/{name}[/versions/{version}]/ready`. */
export function modelIsReady({ models }: Service): Middleware<RequestState> {
  return (ctx) => {
    const { name } = requestedModel(ctx, models());
    ctx.body = { name, ready: true } satisfies z.output<typeof modelReady>;
  };
}

/** `GET /v2/models/{name}[/versions/{version}]`: its versions and tensors. */
export function describeTensors({ models }: Service): Middleware<RequestState> {
  return (ctx) => {
    const model = requestedModel(ctx, models());
    ctx.body = {
      name: model.name,
      versions: (models().get(model.name)?.versions ?? [model]).map(({ version }) => version),
      platform: `waymark_${model.manifest.algorithm.replaceAll('-', '_')}`,
      inputs: [{ name: INPUT, datatype: 'BYTES', shape: [-1] }],
      outputs: [
        { name: 'label', datatype: 'BYTES', shape: [-1] },
        { name: 'confidence', datatype: 'FP64', shape: [-1] },
        {
          name: 'scores',
          datatype: 'FP64',
          shape: [-1, model.classifier.labels.length],
          parameters: labelsParameter(model),
        },
        { name: 'id', datatype: 'BYTES', shape: [-1] },
      ],
    } satisfies z.output<typeof modelMetadata>;
  };
}
