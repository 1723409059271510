import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readRows } from '../../../src/datasets/read-rows.ts';
import { mailToText } from '../../../src/mail/mail-text.ts';

const MAILS = join(import.meta.dirname, '../../../test/fixtures/mail');

const row = z.object({ text: z.string(), label: z.string().min(1).optional() });

/** A text to send. */
export interface TextToSend {
  /** The body of the request. */
  readonly body: string;
  readonly label?: string | undefined;
  /** The line of the text in its file, from 1. */
  readonly line: number;
}

/** The texts to send. */
export interface Texts {
  readonly name: string;
  /** True if these are the mails that are sent without a data file. */
  readonly areSamples: boolean;
  /** The number of texts with a label. */
  readonly labelled: number;
  /** The mean number of characters of a text. */
  readonly meanCharacters: number;
  readonly requests: readonly TextToSend[];
}

interface Row {
  readonly text: string;
  readonly label?: string | undefined;
  readonly line: number;
}

/**
 * Reads the texts to send from a data file of `text` and, if there are any, `label`. Without a file these are sample mails of
 * the corpus that the bundled model learned from, without labels: another model has other labels.
 *
 * @param model the model that the requests name
 * @throws {DataFileError} if the file cannot be read, has an invalid line, or has no line
 */
export async function readTexts(file: string | undefined, model: string | undefined): Promise<Texts> {
  const rows = file === undefined ? await readSamples() : await readFileRows(file);
  return {
    name: file ?? 'sample mails',
    areSamples: file === undefined,
    labelled: rows.filter(({ label }) => label !== undefined).length,
    meanCharacters: rows.reduce((sum, { text }) => sum + text.length, 0) / rows.length,
    requests: rows.map(({ text, label, line }) => ({ body: JSON.stringify({ text, model }), label, line })),
  };
}

async function readSamples(): Promise<Row[]> {
  const names = (await readdir(MAILS)).filter((name) => name.endsWith('.eml'));
  return Promise.all(
    names.map(async (name, at) => ({ text: await mailToText(await readFile(join(MAILS, name))), line: at + 1 })),
  );
}

async function readFileRows(file: string): Promise<Row[]> {
  const rows: Row[] = [];
  const options = { schema: row, allowed: '{"text": string, "label"?: string}' };
  await readRows(file, options, ({ text, label }, line) => rows.push({ text, label, line }));
  return rows;
}
