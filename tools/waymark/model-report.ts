import { z } from 'zod';
import { columns, percent } from '../../src/cli/terminal.ts';

/** The fields of a model that the report shows. The service answers more. */
export const modelSchema = z.object({
  name: z.string(),
  active: z.string(),
  shadow: z.string().nullable(),
  canary: z.string().nullable(),
  canaryShare: z.number().nullable(),
  versions: z.array(
    z.object({
      version: z.string(),
      algorithm: z.string(),
      evaluation: z.object({ accuracy: z.number() }).nullable(),
    }),
  ),
});
type Model = z.output<typeof modelSchema>;

/** The answer of `GET /models`. */
export const listSchema = z.object({ models: z.array(modelSchema) });

/** The answer of the routes of a retraining. */
export const jobSchema = z.object({
  job: z.object({
    id: z.string(),
    model: z.string(),
    state: z.enum(['running', 'succeeded', 'failed', 'cancelled']),
    version: z.string().nullable(),
    failure: z.object({ reason: z.string(), detail: z.string() }).nullable(),
  }),
});
type Job = z.output<typeof jobSchema>['job'];

/** Returns a table with a line for each version. */
export function describeList(models: readonly Model[]): string {
  const rows = models.flatMap((model) =>
    model.versions.map(({ version, algorithm, evaluation }) => [
      `${model.name}@${version}`,
      rolesOf(model, version),
      algorithm,
      evaluation === null ? 'not measured' : percent(evaluation.accuracy),
    ]),
  );
  return columns([['version', 'role', 'algorithm', 'held-out accuracy'], ...rows], 3).join('\n');
}

function rolesOf({ active, shadow, canary, canaryShare }: Model, version: string): string {
  const roles = [
    ...(active === version ? ['active'] : []),
    ...(shadow === version ? ['shadow'] : []),
    ...(canary === version ? [`canary (${percent(canaryShare ?? 0)})`] : []),
  ];
  return roles.length === 0 ? '-' : roles.join(', ');
}

/** Returns the roles of a model in one line. */
export function describeRoles({ name, active, shadow, canary, canaryShare }: Model): string {
  const canaryText = canary === null ? 'none' : `${canary} with ${percent(canaryShare ?? 0)} of the requests`;
  return `${name}: active ${active}, shadow ${shadow ?? 'none'}, canary ${canaryText}`;
}

/** Returns the state of a retraining in one line. */
export function describeJob({ id, model, state, version, failure }: Job): string {
  const result = version === null ? '' : `: ${model}@${version}`;
  const reason = failure === null ? '' : `: ${failure.detail}`;
  return `Retraining ${id} of ${model}: ${state}${result}${reason}`;
}
