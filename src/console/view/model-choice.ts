import { type ComponentChildren, h } from 'preact';
import { models, settings } from '../state/service.ts';

interface ModelChoiceProps {
  /** `NAME` or `NAME@VERSION`; undefined for the default model. */
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
  /** True to offer every version too. */
  readonly withVersions?: boolean;
}

/** Returns the model of a parameter, or the default model. */
export function modelOrDefault(reference: string | null): string {
  return reference ?? settings.value?.defaultModel ?? models.value[0]?.name ?? '';
}

/** Chooses a model, or one of its versions. */
export function ModelChoice({ value, onChange, withVersions = false }: ModelChoiceProps): ComponentChildren {
  const chosen = modelOrDefault(value ?? null);
  const options = models.value.flatMap((model) => [
    { value: model.name, title: withVersions ? `${model.name} (as routed)` : model.name },
    ...(withVersions
      ? model.versions.map(({ version }) => ({
          value: `${model.name}@${version}`,
          title: `${model.name}, version ${version}${roleOf(model, version)}`,
        }))
      : []),
  ]);
  if (!options.some((option) => option.value === chosen) && chosen !== '')
    options.unshift({ value: chosen, title: chosen });
  return h(
    'label',
    { class: 'field' },
    h('span', null, 'Model'),
    h(
      'select',
      { value: chosen, onChange: (event: Event) => onChange((event.currentTarget as HTMLSelectElement).value) },
      options.map((option) => h('option', { key: option.value, value: option.value }, option.title)),
    ),
  );
}

function roleOf(model: { active: string; shadow: string | null; canary: string | null }, version: string): string {
  if (model.active === version) return ' (active)';
  if (model.canary === version) return ' (canary)';
  return model.shadow === version ? ' (shadow)' : '';
}
