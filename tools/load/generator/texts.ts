import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import bundled from './bundled-texts.json' with { type: 'json' };

const row = z.object({ text: z.string(), label: z.string().min(1).optional() });

/** What is sent, and what is known about it. */
export interface Texts {
  readonly name: string;
  readonly count: number;
  readonly labelled: number;
  /** The whole HTTP request that sends a text. */
  readonly requestOf: (text: number) => Buffer;
  readonly labelOf: (text: number) => string | undefined;
  /** Where the text stands in its file, from 1. */
  readonly lineOf: (text: number) => number;
}

export interface RequestOptions {
  readonly target: URL;
  readonly model: string | undefined;
  readonly token: string | undefined;
}

interface Row {
  readonly request: Buffer;
  readonly label: string | undefined;
  readonly line: number;
}

/** A data file that cannot be used. */
class DataFileError extends Error {
  override name = 'DataFileError';
}

/**
 * Reads the texts to send: JSON Lines of `{"text", "label"?}`, or a few bundled ones, which have no labels.
 *
 * @throws DataFileError where the file cannot be read, has a bad line, or none
 */
export async function readTexts(file: string | undefined, options: RequestOptions): Promise<Texts> {
  const head = requestHead(options);
  const encode = (text: string) => {
    const body = JSON.stringify({ text, model: options.model });
    return Buffer.from(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  };
  const rows =
    file === undefined
      ? bundled.map((text, at): Row => ({ request: encode(text), label: undefined, line: at + 1 }))
      : await readRows(file, encode);
  return {
    name: file ?? 'bundled texts',
    count: rows.length,
    labelled: rows.filter(({ label }) => label !== undefined).length,
    requestOf: (text) => rows[text]!.request,
    labelOf: (text) => rows[text]!.label,
    lineOf: (text) => rows[text]!.line,
  };
}

/** The path below the target's that takes a text. */
export function predictUrl(target: URL): URL {
  return new URL(`${target.pathname.replace(/\/$/, '')}/predict`, target);
}

/** The headers of every request, by name. */
export function requestHeaders(token: string | undefined): Record<string, string> {
  return {
    'content-type': 'application/json',
    accept: 'application/json',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
}

function requestHead({ target, token }: RequestOptions): string {
  const headers = Object.entries(requestHeaders(token)).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${predictUrl(target).pathname} HTTP/1.1\r\nhost: ${target.host}\r\nconnection: keep-alive\r\n${headers.join('')}`;
}

async function readRows(file: string, encode: (text: string) => Buffer): Promise<Row[]> {
  const rows: Row[] = [];
  let line = 0;
  try {
    for await (const json of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      line += 1;
      if (json.trim() === '') continue;
      const { text, label } = parseRow(file, line, json);
      rows.push({ request: encode(text), label, line });
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new DataFileError(`${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  if (rows.length === 0) throw new DataFileError(`${file} is empty: it holds no text`);
  return rows;
}

function parseRow(file: string, line: number, json: string): z.infer<typeof row> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new DataFileError(`${file}, line ${line}: this is no JSON; allowed: {"text": string, "label"?: string}`);
  }
  const parsed = row.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new DataFileError(
    `${file}, line ${line}: ${path.join('.') || 'the row'}: ${message}; allowed: {"text": string, "label"?: string}`,
  );
}
