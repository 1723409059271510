import { hashString } from '../classifier/text/hashing.ts';
import type { ModelRegistry } from './registry.ts';
import { findModel, type Model } from './store.ts';

/** The reason why a version answers: it is the active one or the canary, or the request names it. */
export type AnsweringRole = 'active' | 'canary' | 'named';

/** The version that answers a request, and the reason. */
export interface RoutedModel {
  readonly model: Model;
  readonly role: AnsweringRole;
  /** The policy's `minConfidence`. */
  readonly minConfidence: number;
}

/**
 * Chooses the version that answers a request for `NAME` or `NAME@VERSION`. The canary gets its share of the requests for
 * `NAME`. The same keys always get the canary, and keep it when the share grows. A named version that is not in memory is
 * loaded.
 *
 * @param key the key that the client chose, or the trace id
 * @returns `undefined`, or a promise of it, if the model or the version does not exist, or cannot be loaded
 */
export function routeModel(
  registry: Pick<ModelRegistry, 'models' | 'use'>,
  reference: string,
  key: string,
): RoutedModel | Promise<RoutedModel | undefined> | undefined {
  const models = registry.models();
  const versions = models.get(reference);
  if (!versions) {
    const version = findModel(models, reference);
    if (!version) return undefined;
    const { minConfidence = 0 } = models.get(version.name) ?? {};
    const asNamed = (model: Model | undefined): RoutedModel | undefined =>
      model && { model, role: 'named', minConfidence };
    const model = registry.use(version);
    return model instanceof Promise ? model.then(asNamed) : asNamed(model);
  }
  const { active, canary, minConfidence = 0 } = versions;
  if (canary && positionOf(`${versions.name} ${key}`) < canary.share) {
    return { model: canary.model, role: 'canary', minConfidence };
  }
  return { model: active, role: 'active', minConfidence };
}

/** Maps a key to a number from 0 to below 1. Keys are distributed uniformly. */
function positionOf(key: string): number {
  return (hashString(key) >>> 0) / 2 ** 32;
}
