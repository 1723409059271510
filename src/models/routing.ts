import { hashString } from '../classifier/text/hashing.ts';
import { findModel, type Model, type Models } from './store.ts';

/** Why a version answers: it is the active one, it is on trial, or the request named it. */
export type AnsweringRole = 'active' | 'canary' | 'named';

/** The version that answers a request. */
export interface RoutedModel {
  readonly model: Model;
  readonly role: AnsweringRole;
}

/**
 * The version that answers a request for `NAME` or `NAME@VERSION`. Of the requests for a bare name the canary gets its
 * share: always those of the same keys, and when the share grows, these and others.
 *
 * @param key of the client's choice, or the trace id
 */
export function routeModel(models: Models, reference: string, key: string): RoutedModel | undefined {
  const versions = models.get(reference);
  if (!versions) {
    const model = findModel(models, reference);
    return model && { model, role: 'named' };
  }
  const { active, canary } = versions;
  if (canary && placeOf(`${versions.name} ${key}`) < canary.share) return { model: canary.model, role: 'canary' };
  return { model: active, role: 'active' };
}

/** Where a key lies between 0 and 1, evenly. */
function placeOf(key: string): number {
  return (hashString(key) >>> 0) / 2 ** 32;
}
