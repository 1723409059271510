/** `npm run docs`: writes the documents that are generated from code. A test fails if they are not current. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { telemetryDocument } from './telemetry-document.ts';

await writeFile(join(import.meta.dirname, '../docs/telemetry.md'), telemetryDocument());
