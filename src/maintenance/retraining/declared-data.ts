import { access, constants } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { type Policy, readPolicy } from '../../models/policy-file.ts';
import { Problem } from '../../platform/problems.ts';
import type { DataFiles } from '../../training/read-examples.ts';

/** The name of the model that comes with Waymark, without its data. */
const BUNDLED_MODEL = 'spam';

/**
 * Reads the policy of a model, and the original training data that it declares.
 *
 * @throws {Problem} 409 if the policy is not valid, declares no data, or the data cannot be read
 */
export async function readDeclaredData(
  modelsFolder: string,
  model: string,
): Promise<{ readonly policy: Policy; readonly data: DataFiles }> {
  const folder = join(modelsFolder, model);
  const { policy, problem } = await readPolicy(folder);
  if (problem !== undefined) throw notConfigured(`The model's ${problem}.`);
  const help = `policy.json in the model's folder declares them as {"data": PATH}, relative to that folder. "npm run train -- --data FILE --model ${model}" writes the file if it does not exist.${bundledDataHelp(model, folder)}`;
  if (policy.data === undefined) throw notConfigured(`The original data of ${model} are not declared: ${help}`);
  const paths = [policy.data].flat().map((path) => resolve(folder, path));
  await Promise.all(paths.map((path) => access(path, constants.R_OK))).catch(() => {
    throw notConfigured(`The declared data of ${model} cannot be read: ${help}`);
  });
  return { policy, data: { paths, textField: policy.textField, labelField: policy.labelField } };
}

function notConfigured(detail: string): Problem {
  return new Problem('retrain-not-configured', detail);
}

/** Returns how to declare the data of the bundled model, with two lines for a shell in the checkout. */
function bundledDataHelp(model: string, folder: string): string {
  if (model !== BUNDLED_MODEL) return '';
  const file = relative(process.cwd(), join(folder, 'policy.json'));
  // The path of a folder elsewhere stays in this process.
  const policy = file.startsWith('..') || isAbsolute(file) ? `"$MODELS_DIR/${model}/policy.json"` : file;
  return [
    ' The model that comes with Waymark learned from a public corpus. In the checkout, these two lines declare it:',
    'npm run corpus -- --out data/corpus',
    `echo "{\\"data\\": \\"$PWD/data/corpus/train.jsonl\\"}" > ${policy}`,
  ].join('\n');
}
