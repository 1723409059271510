import { hashString } from '../classifier/text/hashing.ts';
import { findModel, type Model, type Models } from './store.ts';

/** The reason why a version answers: it is the active one or the canary, or the request names it. */
export type AnsweringRole = 'active' | 'canary' | 'named';

/** The version that answers a request, and the reason. */
export interface RoutedModel {
  readonly model: Model;
  readonly role: AnsweringRole;
}

/**
 * Chooses the version that answers a request for `NAME` or `NAME@VERSION`. The canary gets its share of the requests for
 * `NAME`. The same keys always get the canary, and keep it when the share grows.
 *
 * @param key the key that the client chose, or the trace id
 * @returns `undefined` if there is no such model or version
 */
export function routeModel(models: Models, reference: string, key: string): RoutedModel | undefined {
  const versions = models.get(reference);
  if (!versions) {
    const model = findModel(models, reference);
    return model && { model, role: 'named' };
  }
  const { active, canary } = versions;
  if (canary && positionOf(`${versions.name} ${key}`) < canary.share) return { model: canary.model, role: 'canary' };
  return { model: active, role: 'active' };
}

/** Maps a key to a number from 0 to below 1. Keys are distributed uniformly. */
function positionOf(key: string): number {
  return (hashString(key) >>> 0) / 2 ** 32;
}
