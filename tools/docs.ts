/** `npm run docs`: writes the documents and the code that are generated. Tests fail if they are not current. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { confusableLettersSource } from './confusable-letters.ts';
import { telemetryDocument } from './telemetry-document.ts';

const PROJECT = join(import.meta.dirname, '..');

await writeFile(join(PROJECT, 'docs/telemetry.md'), telemetryDocument());
await writeFile(join(PROJECT, 'src/classifier/text/confusable-letters.ts'), confusableLettersSource());
