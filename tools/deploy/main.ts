/** `npm run chart`: writes deploy/kubernetes/waymark.yaml, the chart with its default values. A test fails if it is not current. */
import { writeFile } from 'node:fs/promises';
import { installHelm, missingForCheckers } from './install.ts';
import { RENDERED_DEFAULT, renderDefault } from './render.ts';

const missing = await missingForCheckers();
if (missing) {
  process.stderr.write(`${missing}.\n`);
  process.exit(1);
}
const helm = await installHelm(process.stdout, AbortSignal.timeout(1_800_000));
await writeFile(RENDERED_DEFAULT, await renderDefault(helm));
