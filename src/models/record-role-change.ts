import { type Attributes, type Span, trace } from '@opentelemetry/api';
import type { Log } from '../telemetry/logs/log.ts';
import { ATTRIBUTE, SCOPE, SPAN } from '../telemetry/names.ts';
import { withinSpan } from '../telemetry/tracing.ts';
import type { ResolvedRoles } from './resolve-roles.ts';
import type { RecordedChange, RoleChange } from './roles.ts';

const spanNames = {
  activate: SPAN.activateModel,
  rollback: SPAN.activateModel,
  shadow: SPAN.shadowModel,
  canary: SPAN.canaryModel,
} as const satisfies Record<RoleChange['action'], string>;

/** Runs a change of a model's roles within the span that it is followed by. */
export function withChangeSpan<T>(
  name: string,
  action: RoleChange['action'],
  work: (span: Span) => T | Promise<T>,
): Promise<T> {
  const attributes = { [ATTRIBUTE.modelName]: name, [ATTRIBUTE.changeWhat]: action };
  return withinSpan(trace.getTracer(SCOPE).startSpan(spanNames[action], { attributes }), work);
}

/** Says of a change that it took effect in this process: in its span, and in the log. */
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
 * What is different between what was served and what is served now, as a change: the one that the roles file tells of, or
 * one that nobody wrote down, such as a newer version that became active by itself.
 */
export function detectChange(
  before: ResolvedRoles | undefined,
  after: ResolvedRoles,
  now: number,
): RecordedChange | undefined {
  const { change } = after.roles;
  const then = before && servedBy(before);
  const current = servedBy(after);
  const isSame = (role: keyof typeof current) => then?.[role] === current[role];
  if (isSame('active') && isSame('shadow') && isSame('canary') && isSame('share')) return undefined;
  if (change && (!before || change.revision > before.roles.revision)) return change;
  const action = isSame('active') ? (isSame('shadow') ? 'canary' : 'shadow') : 'activate';
  const role = action === 'activate' ? 'active' : action;
  const reason =
    after.roles.revision === 0 ? 'the newest version is active where no roles are set' : 'the roles file was edited';
  const from = then?.[role] ?? null;
  const share = action === 'canary' && current.share !== undefined ? { share: current.share } : {};
  return { revision: 0, at: now, actor: 'models folder', action, reason, from, to: current[role] ?? null, ...share };
}

function servedBy({ versions: { active, shadow, canary } }: ResolvedRoles) {
  return {
    active: active.version,
    shadow: shadow?.version,
    canary: canary?.model.version,
    share: canary?.share,
  };
}
