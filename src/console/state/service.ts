import { computed, signal } from '@preact/signals';
import type { ConsoleSettings } from '../../recent/prediction-row.ts';
import type { Model } from './answers.ts';
import { request } from './api.ts';
import { isTokenNeeded, token } from './token.ts';

/** The settings of the service that the console needs; `undefined` until they are read. */
export const settings = signal<ConsoleSettings | undefined>(undefined);

/** The loaded models. */
export const models = signal<readonly Model[]>([]);

/** Every label of every model, sorted. The position of a label is its colour, the same on every page. */
export const labels = computed(() =>
  [...new Set(models.value.flatMap(({ versions }) => versions.flatMap((version) => version.labels)))].toSorted(),
);

/** Reads the settings and the models. A fault is shown by the page that needs them. */
export async function loadService(): Promise<void> {
  settings.value = await request<ConsoleSettings>('console/settings').catch(() => undefined);
  if (settings.value?.tokens === true && token.value === undefined) {
    isTokenNeeded.value = true;
    return;
  }
  await loadModels();
}

/** Reads the models again, after their roles have changed. */
export async function loadModels(): Promise<void> {
  const answer = await request<{ models: readonly Model[] }>('models').catch(() => undefined);
  if (answer) models.value = answer.models;
}
