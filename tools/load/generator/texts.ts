import { z } from 'zod';
import { readRows } from '../../../src/datasets/read-rows.ts';
import bundled from './bundled-texts.json' with { type: 'json' };

const row = z.object({ text: z.string(), label: z.string().min(1).optional() });

/** The texts to send, with their labels. Texts are numbered from 0. */
export interface Texts {
  readonly name: string;
  readonly count: number;
  /** The number of texts with a label. */
  readonly labelled: number;
  /** Returns the bytes of the HTTP request that sends a text. */
  readonly requestOf: (text: number) => Buffer;
  readonly labelOf: (text: number) => string | undefined;
  /** Returns the line of the text in its file, from 1. */
  readonly lineOf: (text: number) => number;
}

/** The options that are the same for every request. */
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

/**
 * Reads the texts to send from a data file of `text` and, if there are any, `label`, or takes the bundled texts, which have no labels.
 *
 * @throws {DataFileError} if the file cannot be read, has an invalid line, or has no line
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
      : await encodeRows(file, encode);
  return {
    name: file ?? 'bundled texts',
    count: rows.length,
    labelled: rows.filter(({ label }) => label !== undefined).length,
    requestOf: (text) => rows[text]!.request,
    labelOf: (text) => rows[text]!.label,
    lineOf: (text) => rows[text]!.line,
  };
}

/** Returns the URL of `POST /predict` below the path of the target. */
export function predictUrl(target: URL): URL {
  return new URL(`${target.pathname.replace(/\/$/, '')}/predict`, target);
}

/** Returns the headers of every request, by name. */
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

async function encodeRows(file: string, encode: (text: string) => Buffer): Promise<Row[]> {
  const rows: Row[] = [];
  const options = { schema: row, allowed: '{"text": string, "label"?: string}' };
  await readRows(file, options, ({ text, label }, line) => rows.push({ request: encode(text), label, line }));
  return rows;
}
