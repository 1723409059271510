import type { Middleware } from 'koa';
import type { z } from 'zod';
import packageJson from '../../../package.json' with { type: 'json' };
import { Problem } from '../../platform/problems.ts';
import type { RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';
import { labelsParameter } from './inference-response.ts';
import { modelInPath } from './model-in-path.ts';
import {
  INPUT,
  type modelMetadata,
  type modelReady,
  type serverLive,
  type serverMetadata,
  type serverReady,
} from './protocol.ts';

const EXTENSIONS = ['binary_tensor_data', 'model_repository'];

/** `GET /v2`: returns the name, the version and the extensions of the server. */
export function describeServer(): Middleware<RequestState> {
  return (ctx) => {
    ctx.body = { name: packageJson.name, version: packageJson.version, extensions: EXTENSIONS } satisfies z.output<
      typeof serverMetadata
    >;
  };
}

/** `GET /v2/health/live`: answers if the process is alive. */
export function reportServerLive(): Middleware<RequestState> {
  return (ctx) => {
    ctx.body = { live: true } satisfies z.output<typeof serverLive>;
  };
}

/**
 * `GET /v2/health/ready`: answers 200 or 503. The protocol names the field `live` here too; clients read the status.
 */
export function reportServerReady({ phase }: Service): Middleware<RequestState> {
  return (ctx) => {
    if (phase() !== 'ready') throw new Problem('not-ready', `The service is ${phase()}.`, { 'retry-after': '1' });
    ctx.body = { live: true, ready: true } satisfies z.output<typeof serverReady>;
  };
}

/** `GET /v2/models/{name}[/versions/{version}]/ready`: answers 200 if the model is loaded. */
export function reportModelReady({ models }: Service): Middleware<RequestState> {
  return (ctx) => {
    const { name } = modelInPath(ctx, models());
    ctx.body = { name, ready: true } satisfies z.output<typeof modelReady>;
  };
}

/** `GET /v2/models/{name}[/versions/{version}]`: returns the versions and the tensors of a model. */
export function describeModel({ models }: Service): Middleware<RequestState> {
  return (ctx) => {
    const model = modelInPath(ctx, models());
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
          shape: [-1, model.manifest.labels.length],
          parameters: labelsParameter(model),
        },
        { name: 'id', datatype: 'BYTES', shape: [-1] },
        { name: 'abstained', datatype: 'BOOL', shape: [-1] },
      ],
    } satisfies z.output<typeof modelMetadata>;
  };
}
