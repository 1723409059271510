import type { Middleware } from 'koa';
import type { z } from 'zod';
import { listStoredVersions } from '../../models/store.ts';
import { Problem } from '../../platform/problems.ts';
import { parseJson, readBody, validate } from '../server/body.ts';
import { allowedModels } from '../server/caller.ts';
import type { RequestContext, RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';
import { type IndexEntry, indexRequest, loadRequest, unloadRequest } from './protocol.ts';

/** `POST /v2/repository/index`: lists every stored or loaded version. */
export function indexRepository({ config, models }: Service): Middleware<RequestState> {
  return async (ctx) => {
    const { ready } = await readOptionalJson(ctx, indexRequest, config.MAX_BODY_BYTES);
    const isAllowed = (name: string) => ctx.state.caller?.models?.has(name) ?? true;
    const loaded: IndexEntry[] = [...allowedModels(ctx, models()).values()].flatMap(({ name, versions }) =>
      versions.map(({ version }) => ({ name, version, state: 'READY' as const, reason: '' })),
    );
    const loadedReferences = new Set(loaded.map(({ name, version }) => `${name}@${version}`));
    const notLoaded: IndexEntry[] = [...(await listStoredVersions(config.MODELS_DIR))].flatMap(([name, versions]) =>
      versions
        .filter((version) => isAllowed(name) && !loadedReferences.has(`${name}@${version}`))
        .map((version) => ({ name, version, state: 'UNAVAILABLE' as const, reason: 'not loaded' })),
    );
    ctx.body = ready ? loaded : [...loaded, ...notLoaded];
  };
}

/** `POST /v2/repository/models/{name}/load`: reads every version of a model from the models folder. */
export function loadModel({ config, registry }: Service): Middleware<RequestState> {
  return async (ctx) => {
    await readOptionalJson(ctx, loadRequest, config.MAX_BODY_BYTES);
    await registry().load(String(ctx['params'].name));
    ctx.body = {};
  };
}

/**
 * `POST /v2/repository/models/{name}/unload`: removes a model from the memory of this process, not from the models
 * folder.
 */
export function unloadModel({ config, registry }: Service): Middleware<RequestState> {
  return async (ctx) => {
    const name = String(ctx['params'].name);
    await readOptionalJson(ctx, unloadRequest, config.MAX_BODY_BYTES);
    if (name === config.DEFAULT_MODEL) {
      throw new Problem(
        'model-needed',
        `The model ${JSON.stringify(name)} answers requests without a model, so it stays loaded.`,
      );
    }
    await registry().unload(name);
    ctx.body = {};
  };
}

/** Reads a JSON body that may be empty. The content type is not checked, because clients of the protocol send none. */
async function readOptionalJson<S extends z.ZodType>(
  ctx: RequestContext,
  schema: S,
  maxBytes: number,
): Promise<z.output<S>> {
  const body = await readBody(ctx, maxBytes);
  return validate(body.length === 0 ? {} : parseJson(body), schema);
}
