import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { STANDARD_INPUT } from '../datasets/byte-source.ts';
import { hasKnownFormat } from '../datasets/file-format.ts';
import { readRows, readTextFile } from '../datasets/read-rows.ts';
import { readPolicy } from '../models/policy-file.ts';
import type { Model } from '../models/store.ts';
import { isDeferred } from '../runtimes/runtime.ts';
import { classifyText, describeAnswer, describeInLine, type TextAnswer, toAnswerJson } from './classify-report.ts';
import { requireOneStandardInput } from './data-arguments.ts';
import { loadVersion } from './model-versions.ts';
import { printable } from './terminal.ts';
import { asInvoked, runCommand, UsageError } from './usage.ts';

const HELP = `Usage: npm run classify -- --model NAME[@VERSION] TEXT
       npm run classify -- --model NAME[@VERSION] --data FILE
       command | npm run classify -- --model NAME[@VERSION]

Classifies a text, the texts of a data file, or standard input as one text. No service is needed.

  --model NAME[@VERSION]  the model (default version: the active one)
  --data FILE             texts in JSON Lines, CSV or TSV (.jsonl, .csv, .tsv, with .gz or not), "-" for standard input;
                          any other file is one text. Repeat it for several files
  --text-field NAME       the field with the text (default: text)
  --min-confidence SHARE  mark answers with a lower confidence, from 0 to 1, as abstained (default: minConfidence of the policy)
  --explain N             the number of words in the explanation, with --json of features (default: 8, with --json 0)
  --models DIR            the models folder (default: ./models)
  --json                  print what POST /predict answers, without the ids: one object on a line for each text
`;

const DEFAULT_FEATURES = 8;
const MAX_FEATURES = 1_000;

interface Output {
  readonly model: Model;
  readonly features: number;
  readonly minConfidence: number;
  readonly asJson: boolean;
}

async function writeOne(text: string, { model, features, minConfidence, asJson }: Output): Promise<void> {
  const answer = await classifyText(model, text, { explains: features > 0, minConfidence });
  process.stdout.write(asJson ? `${toAnswerJson(model, answer, features)}\n` : describeAnswer(model, answer, features));
}

async function writeRows(path: string, textField: string, output: Output): Promise<void> {
  const { model, features, minConfidence, asJson } = output;
  const labelWidth = Math.max(...model.classifier.labels.map((label) => label.length));
  const schema = z.object({ [textField]: z.string() }).transform((row) => row[textField]!);
  const allowed = `{${JSON.stringify(textField)}: string}`;
  const options = { explains: asJson && features > 0, minConfidence };
  const write = (text: string, answer: TextAnswer) => {
    const line = asJson ? toAnswerJson(model, answer, features) : describeInLine(text, answer, labelWidth);
    process.stdout.write(`${line}\n`);
  };
  /** The texts whose answers come from another thread. */
  const later: string[] = [];
  const isLater = isDeferred(model.classifier);
  await readRows(path, { schema, allowed, requiredFields: [textField] }, (text) => {
    const answer = isLater ? undefined : classifyText(model, text, options);
    if (answer === undefined || answer instanceof Promise) later.push(text);
    else write(text, answer);
  });
  for (const text of later) write(text, await classifyText(model, text, options));
}

/** Reads a file, or standard input, as one text. The line break at its end belongs to the file. */
async function readWhole(path: string): Promise<string> {
  return (await readTextFile(path)).replace(/\r?\n$/, '');
}

function featuresOf(given: string | undefined, fallback: number): number {
  if (given === undefined) return fallback;
  if (/^[0-9]{1,4}$/.test(given) && Number(given) <= MAX_FEATURES) return Number(given);
  throw new UsageError(`--explain is ${JSON.stringify(given)}; allowed: a whole number from 0 to ${MAX_FEATURES}`);
}

/** Returns the option, or else the value of the model's policy, as the service does. */
async function minimumOf(given: string | undefined, modelFolder: string): Promise<number> {
  if (given !== undefined) {
    const share = /^(?:\d+(?:\.\d*)?|\.\d+)$/.test(given) ? Number(given) : Number.NaN;
    if (share >= 0 && share <= 1) return share;
    throw new UsageError(`--min-confidence is ${JSON.stringify(given)}; allowed: a number from 0 to 1`);
  }
  const { policy, problem } = await readPolicy(modelFolder);
  if (problem !== undefined) process.stderr.write(`classify: no answer abstains, because of ${printable(problem)}\n`);
  return policy?.minConfidence ?? 0;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      model: { type: 'string' },
      data: { type: 'string', multiple: true },
      'text-field': { type: 'string', default: 'text' },
      explain: { type: 'string' },
      'min-confidence': { type: 'string' },
      models: { type: 'string', default: './models' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(asInvoked(HELP));
    return;
  }
  const { data, json: asJson } = values;
  if (data !== undefined && positionals.length > 0) throw new UsageError('a text and --data exclude each other');
  if (data !== undefined) requireOneStandardInput(data);
  if (data === undefined && positionals.length === 0 && process.stdin.isTTY) throw new UsageError('there is no text');
  const features = featuresOf(values.explain, asJson ? 0 : DEFAULT_FEATURES);
  const model = await loadVersion(values.models, values.model);
  const minConfidence = await minimumOf(values['min-confidence'], join(values.models, model.name));
  const output = { model, features, minConfidence, asJson };
  if (data === undefined) {
    // Words without quotes around them are one text.
    await writeOne(positionals.length > 0 ? positionals.join(' ') : await readWhole(STANDARD_INPUT), output);
    return;
  }
  for (const path of data) {
    if (path === STANDARD_INPUT || hasKnownFormat(path)) await writeRows(path, values['text-field'], output);
    else await writeOne(await readWhole(path), output);
  }
}

runCommand('classify', main);
