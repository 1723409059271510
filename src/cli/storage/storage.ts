import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { FEEDBACK_FILE } from '../../feedback/database/feedback.ts';
import { openFeedbackDatabase } from '../../feedback/database/feedback-database.ts';
import { withSharedModels } from '../../models/sources/shared-models.ts';
import { readSetting } from '../../platform/config.ts';
import { type DatabaseAddress, describeAddress, readAddress, requireAddress } from '../../postgres/address.ts';
import { migrate } from '../../postgres/migrations.ts';
import { requireReference, runCommand, UsageError } from '../usage.ts';
import { moveFeedback } from './move-feedback.ts';

const HELP = `Usage: npm run storage -- migrate --from sqlite --to postgres [options]
       npm run storage -- delete --model NAME@VERSION

migrate copies what the service keeps in DATA_DIR/feedback.db (feedback, reviews, counts, the log of experiments) into the empty
PostgreSQL database of DATABASE_URL, and compares both by the numbers and hashes of their rows. Stop the service before.
The file stays as it is. If the command is interrupted, run it again: it goes on where it ended.

delete removes a version from the database, with MODELS_STORE=database. Services delete their copies of it. One that has a
role stays in the memory of running services. The name of the version is not used again.

  --data-dir DIR  the DATA_DIR of the service (default: the setting, or ./data)
  --json          print one JSON object
`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      from: { type: 'string' },
      to: { type: 'string' },
      'data-dir': { type: 'string' },
      model: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const [command, ...others] = positionals;
  if (others.length === 0 && command === 'delete') return deleteVersion(values.model, values.json);
  if (others.length > 0 || command !== 'migrate') throw new UsageError('the command is migrate or delete');
  if (values.from !== 'sqlite' || values.to !== 'postgres') {
    throw new UsageError('allowed: --from sqlite --to postgres');
  }
  const folder = values['data-dir'] ?? readSetting('DATA_DIR');
  const file = join(folder, FEEDBACK_FILE);
  if (!existsSync(file)) throw new UsageError(`${file} does not exist; --data-dir names the DATA_DIR of the service`);
  const address = readDatabaseAddress();
  const tables = await moveFolder(folder, address, values.json);
  if (values.json) process.stdout.write(`${JSON.stringify({ from: file, to: describeAddress(address), tables })}\n`);
  else {
    for (const { table, rows, hash } of tables) process.stdout.write(`${table}: ${rows} rows, ${hash}\n`);
    process.stdout.write(`${describeAddress(address)} has all rows of ${file}\n`);
  }
}

/** @throws {UsageError} if no address is set */
function readDatabaseAddress(): DatabaseAddress {
  const url = readSetting('DATABASE_URL');
  if (url === undefined) throw new UsageError('DATABASE_URL is not set');
  const address = { url, passwordFile: readSetting('DATABASE_PASSWORD_FILE') };
  requireAddress(address);
  return address;
}

async function deleteVersion(reference: string | undefined, asJson: boolean): Promise<void> {
  if (!reference?.includes('@')) throw new UsageError('--model must be NAME@VERSION');
  const { name: model, version } = requireReference('model', reference);
  const address = readDatabaseAddress();
  await withSharedModels(address, async ({ versions }) => {
    if (await versions.remove(model, version!)) return;
    throw new UsageError(`${describeAddress(address)} has no version ${model}@${version}`);
  });
  process.stdout.write(asJson ? `${JSON.stringify({ model, version })}\n` : `Deleted ${model}@${version}\n`);
}

async function moveFolder(folder: string, address: DatabaseAddress, isQuiet: boolean) {
  // Opening the file moves the rows of an older schema. No service uses the file while this process has the lock.
  const database = openFeedbackDatabase(folder);
  try {
    if (!database.isReporter()) throw new UsageError(`a service uses ${folder}; stop it first`);
    const sqlite = new DatabaseSync(join(folder, FEEDBACK_FILE), { readOnly: true });
    const client = new Client({ ...readAddress(address), application_name: 'waymark storage' });
    try {
      await client.connect();
      await migrate(client);
      const source = `${hostname()}:${resolve(folder)}`;
      return await moveFeedback(sqlite, client, source, (table, rows) => {
        if (!isQuiet) process.stderr.write(`${table}: ${rows} rows\n`);
      });
    } finally {
      await client.end();
      sqlite.close();
    }
  } finally {
    database.close();
  }
}

runCommand('storage', main);
