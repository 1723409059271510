import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readSetting } from '../platform/config.ts';
import { train } from '../training/train.ts';
import type { TrainingJob } from '../training/training-job.ts';
import { DATA_HELP, importOptions, toDataFiles } from './data-arguments.ts';
import { deployImported } from './deployment.ts';
import { chooseNewVersion } from './model-versions.ts';
import { asInvoked, requireName, runCommand, UsageError } from './usage.ts';

const HELP = `Usage: npm run import-onnx -- --from FOLDER --model NAME [options]

Imports a fine-tuned text classifier as it is, and writes it to MODELS/NAME/VERSION/. The folder is an export to ONNX as
Hugging Face's exporters write it: model.onnx (or onnx/model.onnx), tokenizer.json, and config.json with the labels.

  --from FOLDER        the folder
  --model NAME         the name of the model
  --calibrate FILE     labelled texts that it has not learned from: they give the temperature of its confidences, its
                       evaluation, and the reference for drift. Without them it has none of these
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
      from: { type: 'string' },
      ...importOptions,
    },
  });
  if (values.help) {
    process.stdout.write(asInvoked(HELP));
    return;
  }
  const { models, calibrate, from } = values;
  if (from === undefined) throw new UsageError('--from is missing');
  const name = requireName('model', values.model);
  const given = values.version === undefined ? undefined : requireName('version', values.version);
  const { version, active } = await chooseNewVersion(models, name, given);
  const job: TrainingJob = {
    source: { onnx: resolve(from), calibration: calibrate && toDataFiles(calibrate, values) },
    runtimesFolder: readSetting('RUNTIMES_DIR'),
    name,
    version,
    algorithm: 'auto',
    tokenizer: 'auto',
    seed: 1,
  };
  const result = await train(job);
  const options = { models, name, active, activates: values.activate, encoder: resolve(from), command: 'import-onnx' };
  await deployImported(result, options, values.json);
}

runCommand('import-onnx', main);
