import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseManifest, unpackWeights } from '../../src/artefacts/artefact.ts';
import { createRandom } from '../../src/classifier/learning/random.ts';
import type { Classifier } from '../../src/classifier/scoring/classifier.ts';
import { normaliseText } from '../../src/classifier/text/normalisation.ts';
import { createTokenBuffer } from '../../src/classifier/text/token-buffer.ts';
import { createTokenizer } from '../../src/classifier/tokenizers/tokenizers.ts';
import { PERTURBATIONS } from '../../src/training/robustness.ts';
import { readMails } from '../harness/mails.ts';
import { SENTENCES } from './sample-sentences.ts';

const MODEL_FOLDER = join(import.meta.dirname, '../../models/spam/1');
const TEXTS = 200;
const SENTENCES_PER_TEXT = 12;
/** The time of one measurement. The ways to read a text are measured alternately. */
const ROUND_MS = 40;

/** A way to read a text. */
type Reader = (text: string) => void;

/**
 * Measures what it costs to read texts in their normal form, look-alike letters replaced, by script. Prints a Markdown table.
 * The reference reads the normal form, which is written beforehand, unit by unit: it finds the same tokens.
 *
 * @param full whether there are ten times as many rounds
 */
export async function runScriptsBenchmark(full: boolean): Promise<void> {
  const rounds = full ? 400 : 40;
  const normal = await openModel('nfkc');
  // Each has a cache of tokens of its own, which the tokens of other texts would fill.
  const raw = await openModel('none');
  const rawOfForms = await openModel('none');
  const buffer = createTokenBuffer();
  const readNormal = createTokenizer('unicode', 'nfkc');
  const readRaw = createTokenizer('unicode', 'none');
  process.stdout.write(
    [
      '| texts | tokenised, texts/s | against the normal form | classified, texts/s | against the normal form | against the text as it is |',
      '| --- | ---: | ---: | ---: | ---: | ---: |',
      '',
    ].join('\n'),
  );
  for (const [name, texts] of await collectTexts()) {
    const forms = texts.map((text) => normaliseText(text).text);
    const [tokenised, tokenisedForms] = measure(rounds, [
      [texts, (text) => readNormal(text, buffer)],
      [forms, (text) => readRaw(text, buffer)],
    ]);
    const [classified, classifiedForms, classifiedRaw] = measure(rounds, [
      [texts, (text) => normal.score(normal.tokenize(text))],
      [forms, (text) => rawOfForms.score(rawOfForms.tokenize(text))],
      [texts, (text) => raw.score(raw.tokenize(text))],
    ]);
    const cells = [
      name,
      perSecond(tokenised!),
      cost(tokenised!, tokenisedForms!),
      perSecond(classified!),
      cost(classified!, classifiedForms!),
      cost(classified!, classifiedRaw!),
    ];
    process.stdout.write(`| ${cells.join(' | ')} |\n`);
  }
}

/** Returns the bundled model, with a way to read texts. */
async function openModel(normalisation: 'nfkc' | 'none'): Promise<Classifier> {
  const manifest = parseManifest(MODEL_FOLDER, await readFile(join(MODEL_FOLDER, 'manifest.json')));
  const bytes = new Uint8Array(await readFile(join(MODEL_FOLDER, 'weights.bin')));
  if (!('features' in manifest)) throw new Error('the bundled model has no features');
  const changed = { ...manifest, features: { ...manifest.features, normalisation } } as typeof manifest;
  return (await unpackWeights(MODEL_FOLDER, changed, bytes)) as Classifier;
}

async function collectTexts(): Promise<Map<string, string[]>> {
  const random = createRandom(1);
  const mails = (await readMails()).sent.slice(0, TEXTS).map(({ text }) => text);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII.
  const asciiMails = mails.map((text) => text.replace(/[^\u0000-\u007f]/g, ' '));
  const texts = new Map([['mails in ASCII', asciiMails]]);
  for (const [language, sentences] of Object.entries(SENTENCES)) {
    const draw = () => sentences[Math.floor(random() * sentences.length)]!;
    const drawn = Array.from({ length: TEXTS }, () => Array.from({ length: SENTENCES_PER_TEXT }, draw).join(' '));
    texts.set(language, drawn);
    if (language !== 'Russian') continue;
    const decomposed = drawn.map((text) => text.normalize('NFD'));
    // The normal form of the two signs is longer.
    const withoutSigns = drawn.map((text) => text.replaceAll(/[№…]/g, ''));
    texts.set('Russian, decomposed', decomposed).set('Russian without "№" and "…"', withoutSigns);
  }
  texts.set(
    'mails with look-alike letters',
    asciiMails.map((text) => PERTURBATIONS['confusables']!(text, random, [])),
  );
  return texts;
}

/**
 * Returns the CPU time of a text for each reader, in seconds: the lowest decile, because other programs share the caches and
 * only make it longer.
 */
function measure(rounds: number, readers: readonly (readonly [texts: readonly string[], read: Reader])[]): number[] {
  const times: number[][] = readers.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [at, [texts, read]] of readers.entries()) times[at]!.push(timeOf(texts, read));
  }
  return times.map((ofReader) => ofReader.toSorted((a, b) => a - b)[Math.floor(ofReader.length / 10)]!);
}

/** Returns the CPU time of a text in seconds: other programs of the machine do not add to it. */
function timeOf(texts: readonly string[], read: Reader): number {
  const deadline = performance.now() + ROUND_MS;
  const before = process.threadCpuUsage();
  let count = 0;
  do {
    for (const text of texts) read(text);
    count += texts.length;
  } while (performance.now() < deadline);
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1e6 / count;
}

function perSecond(seconds: number): string {
  return Math.round(1 / seconds).toLocaleString('en');
}

function cost(seconds: number, reference: number): string {
  const percent = (seconds / reference - 1) * 100;
  return `${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(0)} %`;
}
