import { createHash } from 'node:crypto';
import { findSimilarLabels } from './similar-labels.ts';
import { type ScriptName, scriptOf } from './text-scripts.ts';

/** A labelled text, and its place: the index of its file, and the number of its first line, starting at 1. */
export interface LabelledText {
  readonly text: string;
  readonly label: string;
}

interface Place {
  readonly file: number;
  readonly line: number;
}

/** A property of data that makes a model worse, or its evaluation wrong. */
export interface DatasetWarning {
  readonly kind:
    | 'similar-labels'
    | 'conflicting-labels'
    | 'repeated-texts'
    | 'test-in-training'
    | 'few-examples'
    | 'long-texts'
    | 'script-of-label'
    | 'rare-script'
    | 'foreign-stems';
  readonly message: string;
}

/** The labels of data, and the warnings. */
export interface DatasetSummary {
  readonly examples: number;
  /** Most frequent first. */
  readonly labels: readonly { readonly label: string; readonly count: number }[];
  readonly warnings: readonly DatasetWarning[];
}

/** Checks examples, one at a time. It keeps a digest of each text, and no text. */
export interface DatasetCheck {
  add(example: LabelledText, place: Place): void;
  /** Adds an example of the held-out data. */
  addTest(example: LabelledText, place: Place): void;
  finish(): DatasetSummary;
}

/** Options of `createDatasetCheck`. */
export interface DatasetCheckOptions {
  /** The names of the data files, for messages. */
  readonly files: readonly string[];
  readonly testFiles?: readonly string[];
  /** The length of the longest text that the service takes, in UTF-16 code units. */
  readonly maxTextCharacters: number;
}

/** Below this number of examples, the figures of a label are chance: each of five folds has one or two of them. */
const MIN_EXAMPLES = 10;
/** The maximum number of items in a warning. */
const MAX_LISTED = 5;
/** A script is rare if at most this share of the texts has it. */
const MAX_RARE_SHARE = 0.05;
/** The share of a label's texts in one script that makes it the script of the label. */
const MIN_SCRIPT_SHARE = 0.9;

interface Occurrences {
  count: number;
  readonly places: string[];
}

/** Creates a check without examples. */
export function createDatasetCheck({ files, testFiles = [], maxTextCharacters }: DatasetCheckOptions): DatasetCheck {
  const counts = new Map<string, number>();
  /** The first example of each text, by the digest of the text. */
  const firstExamples = new Map<number, number>();
  const labelNumbers = new Map<string, number>();
  const labelOf: number[] = [];
  const fileOf: number[] = [];
  const lineOf: number[] = [];
  const scriptsByLabel = new Map<string, Map<ScriptName, number>>();
  const conflicts: Occurrences = { count: 0, places: [] };
  const repeated: Occurrences = { count: 0, places: [] };
  const inTest: Occurrences = { count: 0, places: [] };
  const long: Occurrences = { count: 0, places: [] };
  let tests = 0;

  const nameLine = (names: readonly string[], { file, line }: Place) =>
    names.length > 1 ? `${names[file]} line ${line}` : `line ${line}`;
  const placeOf = (at: number) => nameLine(files, { file: fileOf[at]!, line: lineOf[at]! });

  function add({ text, label }: LabelledText, place: Place): void {
    const at = labelOf.length;
    const number = labelNumbers.get(label) ?? labelNumbers.size;
    labelNumbers.set(label, number);
    labelOf.push(number);
    fileOf.push(place.file);
    lineOf.push(place.line);
    counts.set(label, (counts.get(label) ?? 0) + 1);
    if (text.length > maxTextCharacters) note(long, placeOf(at));
    const script = scriptOf(text);
    if (script !== undefined) {
      const scripts = scriptsByLabel.get(label) ?? new Map<ScriptName, number>();
      scripts.set(script, (scripts.get(script) ?? 0) + 1);
      scriptsByLabel.set(label, scripts);
    }
    const digest = digestOf(text);
    const first = firstExamples.get(digest);
    if (first === undefined) firstExamples.set(digest, at);
    else if (labelOf[first] === number) note(repeated, `${placeOf(first)} and ${placeOf(at)}`);
    else note(conflicts, `${placeOf(first)} and ${placeOf(at)}`);
  }

  function addTest({ text }: LabelledText, place: Place): void {
    tests += 1;
    if (firstExamples.has(digestOf(text))) note(inTest, nameLine(testFiles, place));
  }

  function finish(): DatasetSummary {
    const warnings: DatasetWarning[] = [];
    const warn = (kind: DatasetWarning['kind'], message: string) => warnings.push({ kind, message });
    for (const { label, count, similarTo, similarCount } of findSimilarLabels(counts)) {
      warn(
        'similar-labels',
        `${quote(label)} (${count}) looks like a misspelling of ${quote(similarTo)} (${similarCount})`,
      );
    }
    if (conflicts.count > 0) {
      warn('conflicting-labels', `${texts(conflicts)} also there under another label: ${list(conflicts)}`);
    }
    if (repeated.count > 0)
      warn('repeated-texts', `${texts(repeated)} there before with the same label: ${list(repeated)}`);
    if (inTest.count > 0) {
      const share = percent(inTest.count / tests);
      warn(
        'test-in-training',
        `${share} of the test texts (${inTest.count} of ${tests}) are training texts too, so the accuracy is too high: ${list(inTest)}`,
      );
    }
    const few = [...counts]
      .filter(([, count]) => count < MIN_EXAMPLES)
      .map(([label, count]) => `${quote(label)} (${count})`);
    if (few.length > 0) {
      const labels = few.length === 1 ? '1 label has' : `${few.length} labels have`;
      warn(
        'few-examples',
        `${labels} fewer than ${MIN_EXAMPLES} examples, too few to learn from: ${listed(few, few.length)}`,
      );
    }
    if (long.count > 0) {
      warn(
        'long-texts',
        `${texts(long)} longer than ${maxTextCharacters} characters, which the service refuses (MAX_TEXT_CHARACTERS): ${list(long)}`,
      );
    }
    for (const warning of checkScripts(scriptsByLabel)) warnings.push(warning);
    return { examples: labelOf.length, labels: summariseLabels(counts), warnings };
  }

  return { add, addTest, finish };
}

/** Returns the labels with their counts, most frequent first. */
export function summariseLabels(counts: ReadonlyMap<string, number>): DatasetSummary['labels'] {
  return [...counts].map(([label, count]) => ({ label, count })).sort((a, b) => b.count - a.count);
}

/** Warns of a script that few texts have, and of a label with a script of its own. */
function checkScripts(scriptsByLabel: ReadonlyMap<string, ReadonlyMap<ScriptName, number>>): DatasetWarning[] {
  const totals = new Map<ScriptName, number>();
  for (const scripts of scriptsByLabel.values()) {
    for (const [script, count] of scripts) totals.set(script, (totals.get(script) ?? 0) + count);
  }
  const all = sumOf(totals);
  const [main] = [...totals].sort((a, b) => b[1] - a[1])[0] ?? [];
  const warnings: DatasetWarning[] = [];
  for (const [label, scripts] of scriptsByLabel) {
    for (const [script, count] of scripts) {
      const elsewhere = totals.get(script)! - count;
      const others = all - sumOf(scripts);
      if (script === main || count < sumOf(scripts) * MIN_SCRIPT_SHARE || elsewhere > others * (1 - MIN_SCRIPT_SHARE))
        continue;
      const message = `nearly all texts of ${quote(label)} are in one script (${script}), and those of other labels are not: the model may learn the script, and not the label`;
      warnings.push({ kind: 'script-of-label', message });
    }
  }
  for (const [script, count] of totals) {
    if (count > all * MAX_RARE_SHARE) continue;
    const message = `${percent(count / all)} of the texts (${count}) are in another script (${script}) than most (${main}): too few to learn their language`;
    warnings.push({ kind: 'rare-script', message });
  }
  return warnings;
}

const sumOf = (counts: ReadonlyMap<unknown, number>) => [...counts.values()].reduce((sum, count) => sum + count, 0);

function note(occurrences: Occurrences, place: string): void {
  occurrences.count += 1;
  if (occurrences.places.length < MAX_LISTED) occurrences.places.push(place);
}

const texts = ({ count }: Occurrences) => (count === 1 ? '1 text is' : `${count} texts are`);
const list = ({ count, places }: Occurrences) => listed(places, count);

function listed(items: readonly string[], count: number): string {
  const shown = items.slice(0, MAX_LISTED);
  return `${shown.join(', ')}${count > shown.length ? `, and ${count - shown.length} more` : ''}`;
}

const quote = (label: string) => JSON.stringify(label);

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** Returns 53 bits of the SHA-256 of a text. Two of a million texts share them with a probability of 0.00006. */
function digestOf(text: string): number {
  const bytes = createHash('sha256').update(text).digest();
  return bytes.readUIntBE(0, 6) * 32 + (bytes[6]! & 31);
}
