import { type Attributes, type Span, trace } from '@opentelemetry/api';
import type { Instruments } from '../telemetry/instruments.ts';
import type { Log } from '../telemetry/logs/log.ts';
import { ATTRIBUTE, LABEL, SCOPE, SPAN } from '../telemetry/names.ts';
import { withinSpan } from '../telemetry/tracing.ts';
import type { ModelRegistry } from './registry.ts';
import { type ResolvedRoles, versionsWithRole } from './resolve-roles.ts';
import type { RecordedChange, RoleChange } from './roles.ts';

const spanNames = {
  activate: SPAN.activateModel,
  rollback: SPAN.activateModel,
  shadow: SPAN.shadowModel,
  canary: SPAN.canaryModel,
} as const satisfies Record<RoleChange['action'], string>;

/** Runs a change of roles within a span of its own. */
export function withChangeSpan<T>(
  name: string,
  action: RoleChange['action'],
  work: (span: Span) => T | Promise<T>,
): Promise<T> {
  const attributes = { [ATTRIBUTE.modelName]: name, [ATTRIBUTE.changeWhat]: action };
  return withinSpan(trace.getTracer(SCOPE).startSpan(spanNames[action], { attributes }), work);
}

/**
 * Records in the span and in the log that a change took effect in this process.
 *
 * @param isFollowed whether this process follows a change that another process made
 */
export function recordRoleChange(
  name: string,
  change: RecordedChange,
  isFollowed: boolean,
  span: Span,
  log: Log,
): void {
  const attributes: Attributes = {
    [ATTRIBUTE.changeRevision]: change.revision,
    [ATTRIBUTE.changeWho]: change.actor,
    [ATTRIBUTE.changeWhy]: change.reason,
    [ATTRIBUTE.changeFrom]: change.from ?? '',
    [ATTRIBUTE.changeTo]: change.to ?? '',
    [ATTRIBUTE.changeFollowed]: isFollowed,
    ...(change.share !== undefined && { [ATTRIBUTE.canaryShare]: change.share }),
  };
  span.setAttributes(attributes);
  log.info('model changed', { [ATTRIBUTE.modelName]: name, [ATTRIBUTE.changeWhat]: change.action, ...attributes });
}

/**
 * Compares the served versions before and after. Returns the change of the roles file if there is a new one. Otherwise the
 * change has no record yet, such as a newer version that became active by its age, and is described here.
 *
 * @param now milliseconds since the epoch
 * @returns `undefined` if the served versions are the same
 */
export function detectChange(
  before: ResolvedRoles | undefined,
  after: ResolvedRoles,
  now: number,
): RecordedChange | undefined {
  const { change } = after.roles;
  const former = before && servedVersions(before);
  const current = servedVersions(after);
  const isSame = (key: keyof typeof current) => former?.[key] === current[key];
  if (isSame('active') && isSame('shadow') && isSame('canary') && isSame('share')) return undefined;
  if (change && (!before || change.revision > before.roles.revision)) return change;
  const action = isSame('active') ? (isSame('shadow') ? 'canary' : 'shadow') : 'activate';
  const role = action === 'activate' ? 'active' : action;
  return {
    revision: 0,
    at: now,
    actor: 'models folder',
    action,
    reason:
      after.roles.revision === 0 ? 'the newest version is active where no roles are set' : 'the roles file was edited',
    from: former?.[role] ?? null,
    to: current[role] ?? null,
    ...(action === 'canary' && current.share !== undefined && { share: current.share }),
  };
}

function servedVersions({ versions: { active, shadow, canary } }: ResolvedRoles) {
  return {
    active: active.version,
    shadow: shadow?.version,
    canary: canary?.model.version,
    share: canary?.share,
  };
}

/** Observes `classifier_model_info` and `classifier_model_refused`. */
export function observeModels(
  registry: Pick<ModelRegistry, 'models' | 'refused'>,
  instruments: Pick<Instruments, 'modelInfo' | 'modelRefused'>,
): void {
  instruments.modelInfo.addCallback((result) => {
    for (const { model, role } of [...registry.models().values()].flatMap((versions) => versionsWithRole(versions))) {
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
