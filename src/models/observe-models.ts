import type { Instruments } from '../telemetry/instruments.ts';
import { LABEL } from '../telemetry/names.ts';
import type { ModelRegistry } from './registry.ts';
import type { Model, ModelVersions } from './store.ts';

/** Returns the versions of a model that have a role. */
export function versionsWithRole({ active, shadow, canary }: ModelVersions): { model: Model; role: string }[] {
  return [
    { model: active, role: 'active' },
    ...(shadow ? [{ model: shadow, role: 'shadow' }] : []),
    ...(canary ? [{ model: canary.model, role: 'canary' }] : []),
  ];
}

/** Observes `classifier_model_info` and `classifier_model_refused`. */
export function observeModels(registry: Pick<ModelRegistry, 'models' | 'refused'>, instruments: Instruments): void {
  instruments.modelInfo.addCallback((result) => {
    for (const { model, role } of [...registry.models().values()].flatMap(versionsWithRole)) {
      result.observe(1, {
        [LABEL.model]: model.name,
        [LABEL.version]: model.version,
        [LABEL.algorithm]: model.manifest.algorithm,
        [LABEL.role]: role,
      });
    }
  });
  instruments.modelRefused.addCallback((result) => {
    for (const { model, version, kind } of registry.refused()) {
      result.observe(1, { [LABEL.model]: model, [LABEL.version]: version, [LABEL.reason]: kind });
    }
  });
}
