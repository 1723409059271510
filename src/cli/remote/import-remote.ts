import { parseArgs } from 'node:util';
import { OUTPUT_CONTENTS, REMOTE_PROTOCOLS, remoteSchema } from '../../artefacts/remote-manifest.ts';
import { DATA_HELP, importOptions, toDataFiles } from '../data-arguments.ts';
import { deployImported } from '../deployment.ts';
import { chooseNewVersion } from '../model-versions.ts';
import { asInvoked, requireName, requireOneOf, runCommand, UsageError } from '../usage.ts';
import { importRemote } from './measure-remote.ts';
import { readTask } from './task-file.ts';

const HELP = `Usage: npm run import-remote -- --url URL --protocol NAME --model NAME [options]

Makes a version of a model that runs elsewhere, and writes it to MODELS/NAME/VERSION/. The version asks that endpoint for each
text. One text is sent to it at once, to see whether it answers. The key of the endpoint is in the file of REMOTE_KEYS_FILE.

  --url URL            the address of the endpoint, without /v2 for oip, and up to /v1 for openai
  --protocol NAME      oip (Open Inference Protocol: KServe, Triton, MLServer, Waymark) or openai (chat completions)
  --model NAME         the name of the model here
  --remote-model NAME  its name there (default: the same)
  --remote-version V   its version there, with oip
  --labels LIST        the labels, separated by commas
  --task FILE          JSON instead: {"labels": ["ham", {"label": "spam", "description": "…"}], "instructions": "…",
                       "examples": [{"text", "label"}], "prices": {"currency": "USD", "input": 0.1, "output": 0.4}}.
                       The prices are those of a million tokens
  --input NAME         the tensor of the texts, with oip, if the metadata of the server leave a choice
  --output NAME        the tensor of the scores or of the label, in the same way
  --content NAME       the content of the output: ${OUTPUT_CONTENTS.join(', ')}
  --top-logprobs N     the alternatives of a token, with openai; 0 if the endpoint has no log-probabilities (default: 20)
  --max-tokens N       the limit on an answer, with openai (default: 100)
  --calibrate FILE     labelled texts, all of which are sent: they give the temperature of its confidences, its evaluation,
                       and the reference for drift. Without them it has none of these
  --text-field NAME    the field with the text (default: text)
  --label-field NAME   the field with the label (default: label)
  --activate           make the new version active at once
  --version V          the name of the version (default: the next number)
  --models DIR         the models folder (default: ./models)
  --json               print one JSON object instead of the report

${DATA_HELP.replace('--data', '--calibrate')}
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      protocol: { type: 'string' },
      'remote-model': { type: 'string' },
      'remote-version': { type: 'string' },
      labels: { type: 'string' },
      task: { type: 'string' },
      input: { type: 'string' },
      output: { type: 'string' },
      content: { type: 'string' },
      'top-logprobs': { type: 'string', default: '20' },
      'max-tokens': { type: 'string', default: '100' },
      ...importOptions,
    },
  });
  if (values.help) {
    process.stdout.write(asInvoked(HELP));
    return;
  }
  const { models, calibrate } = values;
  const protocol = requireOneOf('protocol', values.protocol ?? '', REMOTE_PROTOCOLS);
  const url = requireUrl(values.url);
  const name = requireName('model', values.model);
  const given = values.version === undefined ? undefined : requireName('version', values.version);
  const { version, active } = await chooseNewVersion(models, name, given);
  const result = await importRemote({
    name,
    version,
    protocol,
    url,
    remoteModel: values['remote-model'] ?? name,
    remoteVersion: values['remote-version'],
    task: await readTask(values.task, values.labels),
    input: values.input,
    output: values.output,
    content: values.content === undefined ? undefined : requireOneOf('content', values.content, OUTPUT_CONTENTS),
    topLogprobs: requireCount('top-logprobs', values['top-logprobs']),
    maxTokens: requireCount('max-tokens', values['max-tokens']),
    calibration: calibrate && toDataFiles(calibrate, values),
  });
  const options = { models, name, active, activates: values.activate, command: 'import-remote' };
  const { origin } = new URL(url);
  await deployImported(result, options, values.json, { endpoint: origin });
  if (!values.json) process.stdout.write(`A service may send texts to it with REMOTE_ENDPOINTS=${origin}\n`);
}

function requireUrl(value: string | undefined): string {
  if (value === undefined) throw new UsageError('--url is missing');
  if (!remoteSchema.options[0].shape.url.safeParse(value).success) {
    throw new UsageError(
      `--url is ${JSON.stringify(value)}; allowed: an http or https URL without a user and a fragment`,
    );
  }
  return value;
}

function requireCount(flag: string, value: string): number {
  if (!/^\d{1,6}$/.test(value)) throw new UsageError(`--${flag} is ${JSON.stringify(value)}; allowed: a whole number`);
  return Number(value);
}

runCommand('import-remote', main);
