import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import { z } from 'zod';
import { UsageError } from '../../src/cli/usage.ts';
import { describeJob, describeList, describeRoles, jobSchema, listSchema, modelSchema } from './model-report.ts';
import { requestJson, ServiceError } from './service-requests.ts';

/** The time between two looks at a retraining, in milliseconds. */
const POLL_MS = 500;

const options = z.object({
  url: z.string(),
  tokenFile: z.string().optional(),
  json: z.boolean().default(false),
  reason: z.string().optional(),
  share: z.string().optional(),
  off: z.boolean().default(false),
  wait: z.boolean().default(false),
});
type Options = z.output<typeof options>;

/** A model, and a version of it if the reference names one. */
interface Reference {
  readonly name: string;
  readonly version: string | undefined;
}

function parseReference(given: string): Reference {
  const [name = '', version] = given.split('@', 2);
  return { name, version };
}

function requireVersion({ name, version }: Reference, alternative = ''): string {
  if (version !== undefined && version !== '') return version;
  throw new UsageError(`the version is missing; use ${name}@VERSION${alternative}`);
}

/** Returns the version for a role that can be empty. */
function versionOrNull(reference: Reference, { off }: Options): string | null {
  if (!off) return requireVersion(reference, ', or --off');
  if (reference.version === undefined) return null;
  throw new UsageError('--off and a version exclude each other');
}

function shareOf({ share }: Options): { share?: number } {
  if (share === undefined) return {};
  const number = Number(share);
  if (share.trim() !== '' && number >= 0 && number <= 1) return { share: number };
  throw new UsageError(`--share is ${JSON.stringify(share)}; allowed: a number from 0 to 1`);
}

/** Returns a subcommand for a running service. */
function subcommand(name: string, summary: string): Command {
  return new Command(name)
    .summary(summary)
    .description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`)
    .option('--url <url>', 'the service', process.env['WAYMARK_URL'] ?? 'http://localhost:3000')
    .option('--token-file <file>', 'a file that holds a bearer token (default: the variable WAYMARK_TOKEN, if set)')
    .option('--json', 'print what the service answers');
}

/** Returns a subcommand that changes the roles of a model by one request. */
function roleCommand(
  action: 'activate' | 'shadow' | 'canary' | 'rollback',
  summary: string,
  argument: string,
  bodyOf: (reference: Reference, given: Options) => object,
): Command {
  return subcommand(action, summary)
    .argument(argument)
    .option('--reason <text>', 'the reason, for the audit trail')
    .action(async (given: string, values: unknown) => {
      const chosen = options.parse(values);
      const reference = parseReference(given);
      const reason = chosen.reason === undefined ? {} : { reason: chosen.reason };
      const body = { ...bodyOf(reference, chosen), ...reason };
      const answer = await requestJson(chosen, `/models/${encodeURIComponent(reference.name)}/${action}`, body);
      print(chosen, answer, () => describeRoles(modelSchema.parse(answer)));
    });
}

async function list(values: unknown): Promise<void> {
  const chosen = options.parse(values);
  const answer = await requestJson(chosen, '/models');
  print(chosen, answer, () => describeList(listSchema.parse(answer).models));
}

async function retrain(name: string, values: unknown): Promise<void> {
  const chosen = options.parse(values);
  const path = `/models/${encodeURIComponent(name)}/retrain`;
  let answer = await requestJson(chosen, path, chosen.reason === undefined ? {} : { reason: chosen.reason });
  let { job } = jobSchema.parse(answer);
  while (chosen.wait && job.state === 'running') {
    await delay(POLL_MS);
    answer = await requestJson(chosen, `${path}/${job.id}`);
    job = jobSchema.parse(answer).job;
  }
  print(chosen, answer, () => describeJob(job));
  if (job.state === 'failed' || job.state === 'cancelled') throw new ServiceError(`the retraining has ${job.state}`);
}

function print({ json }: Options, answer: unknown, describe: () => string): void {
  process.stdout.write(`${json ? JSON.stringify(answer) : describe()}\n`);
}

/** Returns the command `models`, which shows and changes the models of a running service. */
export function modelsCommand(): Command {
  const models = new Command('models')
    .summary('list the models of a running service, change roles, retrain')
    .description('Shows and changes the models of a running service.');
  models.addCommand(subcommand('list', 'list the models with their versions and roles').action(list));
  models.addCommand(
    roleCommand('activate', 'make a version the active one', '<model@version>', (reference) => ({
      version: requireVersion(reference),
    })),
  );
  models.addCommand(
    roleCommand('shadow', 'let a version score beside the active one', '<model@version>', (reference, given) => ({
      version: versionOrNull(reference, given),
    })).option('--off', 'remove the shadow of the model'),
  );
  models.addCommand(
    roleCommand('canary', 'let a version answer a share of the requests', '<model@version>', (reference, given) => ({
      version: versionOrNull(reference, given),
      ...shareOf(given),
    }))
      .option('--share <share>', 'from 0 to 1 (default: the present share, or 0.1 at first)')
      .option('--off', 'remove the canary of the model'),
  );
  models.addCommand(roleCommand('rollback', 'activate the version that was active before', '<model>', () => ({})));
  models.addCommand(
    subcommand('retrain', 'train a version from the original data and the feedback')
      .argument('<model>')
      .option('--reason <text>', 'the reason, for the audit trail')
      .option('--wait', 'wait for the end of the retraining')
      .action(retrain),
  );
  return models;
}
