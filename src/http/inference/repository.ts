import type { Middleware } from 'koa';
import type { z } from 'zod';
import { listStoredVersions } from '../../models/store.ts';
import { Problem } from '../../platform/problems.ts';
import { checked, parseJson, readBody } from '../server/body.ts';
import type { RequestContext, RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';
import { type IndexEntry, indexRequest, loadRequest, unloadRequest } from './protocol.ts';

/** `POST /v2/repository/index`: every version that is stored or loaded. */
export function indexRepository({ config, models }: Service): Middleware<RequestState> {
  return async (ctx) => {
    const { ready } = await readOptional(ctx, indexRequest, config.MAX_BODY_BYTES);
    const loaded: IndexEntry[] = [...models().values()].flatMap(({ name, versions }) =>
      versions.map(({ version }) => ({ name, version, state: 'READY' as const, reason: '' })),
    );
    const isLoaded = new Set(loaded.map(({ name, version }) => `${name}@${version}`));
    const others: IndexEntry[] = [...(await listStoredVersions(config.MODELS_DIR))].flatMap(([name, versions]) =>
      versions
        .filter((version) => !isLoaded.has(`${name}@${version}`))
        .map((version) => ({ name, version, state: 'UNAVAILABLE' as const, reason: 'not loaded' })),
    );
    ctx.body = ready ? loaded : [...loaded, ...others];
  };
}

/** `POST /v2/repository/models/{name}/load`: looks at the models folder now, and reads every version of a model anew. */
export function loadIntoService({ config, registry }: Service): Middleware<RequestState> {
  return async (ctx) => {
    await readOptional(ctx, loadRequest, config.MAX_BODY_BYTES);
    await registry().load(String(ctx['params'].name));
    ctx.body = {};
  };
}

/** `POST /v2/repository/models/{name}/unload`: takes a model out of this process's memory; it stays in the models folder. */
export function unloadFromService({ config, registry }: Service): Middleware<RequestState> {
  return async (ctx) => {
    const name = String(ctx['params'].name);
    await readOptional(ctx, unloadRequest, config.MAX_BODY_BYTES);
    if (name === config.DEFAULT_MODEL) {
      throw new Problem(
        'model-needed',
        `The model ${JSON.stringify(name)} answers requests that name none; it stays loaded.`,
      );
    }
    await registry().unload(name);
    ctx.body = {};
  };
}

/** A JSON body that may be left out, of any content type, as the protocol's clients send it. */
async function readOptional<S extends z.ZodType>(
  ctx: RequestContext,
  schema: S,
  maxBytes: number,
): Promise<z.output<S>> {
  const body = await readBody(ctx, maxBytes);
  return checked(body.length === 0 ? {} : parseJson(body), schema);
}
