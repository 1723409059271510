import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type AlgorithmName, algorithmNames } from '../classifier/algorithms.ts';
import { type TokenizerName, tokenizerNames } from '../classifier/feature-options.ts';
import { writeArtefact } from '../models/artefact.ts';
import { safeName } from '../models/manifest.ts';
import { nextVersion } from '../models/versions.ts';
import { train } from '../training/train.ts';

const help = `Usage: npm run train -- --data FILE --model NAME [options]

Trains a version of a model from JSON Lines of {"text", "label"}, and writes it to MODELS/NAME/VERSION/.

  --data FILE        what to learn from
  --model NAME       the model's name
  --test FILE        held-out data to evaluate on (default: cross-validation on the training data)
  --version V        the version's name (default: the next number)
  --algorithm NAME   auto, ${algorithmNames.join(', ')} (default: auto, the best in cross-validation)
  --tokenizer NAME   auto, ${tokenizerNames.join(', ')} (default: auto, by the script of the data)
  --models DIR       the models folder (default: MODELS_DIR or ./models)
  --seed N           the same data and seed give the same bytes (default: 1)
`;

const usageError = 64;

class UsageError extends Error {}

function oneOf<T extends string>(flag: string, value: string, allowed: readonly T[]): T | 'auto' {
  if (value === 'auto') return value;
  const found = allowed.find((name) => name === value);
  if (found === undefined)
    throw new UsageError(`--${flag} is ${JSON.stringify(value)}; allowed: auto, ${allowed.join(', ')}`);
  return found;
}

function named(flag: string, value: string | undefined): string {
  if (value === undefined) throw new UsageError(`--${flag} is missing`);
  if (!safeName.test(value)) {
    throw new UsageError(
      `--${flag} is ${JSON.stringify(value)}; allowed: letters, digits, dots, dashes and underscores`,
    );
  }
  return value;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      model: { type: 'string' },
      test: { type: 'string' },
      version: { type: 'string' },
      algorithm: { type: 'string', default: 'auto' },
      tokenizer: { type: 'string', default: 'auto' },
      models: { type: 'string', default: process.env['MODELS_DIR'] || './models' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  if (values.data === undefined) throw new UsageError('--data is missing');
  const name = named('model', values.model);
  const version =
    values.version === undefined ? await nextVersion(values.models, name) : named('version', values.version);
  if (!/^[0-9]{1,9}$/.test(values.seed)) throw new UsageError(`--seed is ${values.seed}; allowed: 0 to 999999999`);
  const result = await train({
    data: values.data,
    test: values.test,
    name,
    version,
    algorithm: oneOf<AlgorithmName>('algorithm', values.algorithm, algorithmNames),
    tokenizer: oneOf<TokenizerName>('tokenizer', values.tokenizer, tokenizerNames),
    seed: Number(values.seed),
  });
  const folder = join(values.models, name, version);
  await writeArtefact(folder, result.manifest, result.bytes);
  for (const { algorithm, accuracy, logLoss } of result.candidates) {
    process.stdout.write(
      `${algorithm}: accuracy ${accuracy.toFixed(4)}, log loss ${logLoss.toFixed(4)} in cross-validation\n`,
    );
  }
  const { evaluation } = result.manifest;
  process.stdout.write(
    `${folder}: ${result.manifest.algorithm}, ${evaluation.method} accuracy ${evaluation.accuracy.toFixed(4)}, ` +
      `calibration error ${evaluation.expectedCalibrationError.toFixed(4)}, ${result.bytes.byteLength} bytes\n`,
  );
}

main().catch((error: Error) => {
  process.stderr.write(`train: ${error.message}\n`);
  process.exitCode = error instanceof UsageError ? usageError : 1;
});
