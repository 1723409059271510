import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { FEEDBACK_FILE } from '../../feedback/database/feedback.ts';
import { openFeedbackDatabase } from '../../feedback/database/feedback-database.ts';
import { readSetting } from '../../platform/config.ts';
import { type DatabaseAddress, describeAddress, readAddress, requireAddress } from '../../postgres/address.ts';
import { migrate } from '../../postgres/migrations.ts';
import { runCommand, UsageError } from '../usage.ts';
import { moveFeedback } from './move-feedback.ts';

const HELP = `Usage: npm run storage -- migrate --from sqlite --to postgres [options]

Copies what the service keeps in DATA_DIR/feedback.db (feedback, reviews, counts, the log of experiments) into the empty
PostgreSQL database of DATABASE_URL, and compares both by the numbers and hashes of their rows. Stop the service before.
The file stays as it is. If the command is interrupted, run it again: it goes on where it ended.

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
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  if (positionals.join(' ') !== 'migrate') throw new UsageError('the command is migrate');
  if (values.from !== 'sqlite' || values.to !== 'postgres') {
    throw new UsageError('allowed: --from sqlite --to postgres');
  }
  const folder = values['data-dir'] ?? readSetting('DATA_DIR');
  const file = join(folder, FEEDBACK_FILE);
  if (!existsSync(file)) throw new UsageError(`${file} does not exist; --data-dir names the DATA_DIR of the service`);
  const url = readSetting('DATABASE_URL');
  if (url === undefined) throw new UsageError('DATABASE_URL is not set');
  const address = { url, passwordFile: readSetting('DATABASE_PASSWORD_FILE') };
  requireAddress(address);
  const tables = await moveFolder(folder, address, values.json);
  if (values.json) process.stdout.write(`${JSON.stringify({ from: file, to: describeAddress(address), tables })}\n`);
  else {
    for (const { table, rows, hash } of tables) process.stdout.write(`${table}: ${rows} rows, ${hash}\n`);
    process.stdout.write(`${describeAddress(address)} has all rows of ${file}\n`);
  }
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
