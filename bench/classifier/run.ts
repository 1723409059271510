import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Example, readExamples } from '../../src/training/read-examples.ts';
import { CORPUS_TEXTS_FOLDER } from '../../tools/corpus/download.ts';
import { sharedDataFolder } from '../harness/shared-data.ts';
import type { Contender, Dataset } from './contender.ts';
import { measureNatural } from './natural-peer.ts';
import { installScikitLearn, measurePython } from './python-peers.ts';
import { measureWaymark } from './waymark.ts';

/** Returns the datasets on this machine: folders with a train.jsonl and a test.jsonl. */
function findDatasets(): Dataset[] {
  const shared = sharedDataFolder();
  const folders = {
    'SpamAssassin mail': CORPUS_TEXTS_FOLDER,
    banking77: join(shared, 'banking77'),
  };
  return Object.entries(folders).flatMap(([name, folder]) => {
    const [train, test] = [join(folder, 'train.jsonl'), join(folder, 'test.jsonl')];
    if (existsSync(train) && existsSync(test)) return [{ name, train, test }];
    process.stderr.write(`Skipped ${name}: there is no train.jsonl and test.jsonl in ${folder}\n`);
    return [];
  });
}

async function readAll(path: string): Promise<Example[]> {
  const examples: Example[] = [];
  await readExamples(path, (example) => examples.push(example));
  return examples;
}

function row(contender: Contender, waymark: Contender): string {
  const { name, accuracy, calibrationError, fitSeconds, p50Seconds, artefactBytes, loadSeconds, note } = contender;
  const cells = [
    name,
    accuracy.toFixed(4),
    calibrationError?.toFixed(4) ?? '',
    `${fitSeconds.toFixed(2)} s`,
    `${(p50Seconds * 1e6).toFixed(0)} µs`,
    `${(p50Seconds / waymark.p50Seconds).toFixed(1)} ×`,
    artefactBytes === undefined ? '' : `${(artefactBytes / 1e6).toFixed(2)} MB`,
    loadSeconds === undefined ? '' : `${(loadSeconds * 1000).toFixed(0)} ms`,
    note ?? '',
  ];
  return `| ${cells.join(' | ')} |`;
}

/**
 * Trains and evaluates this classifier and its peers on the same texts, one after the other on this machine. Prints a
 * Markdown table for each dataset. Only the ratios carry over to another machine.
 *
 * @throws {Error} without a dataset
 */
export async function runClassifierBenchmark(): Promise<void> {
  const datasets = findDatasets();
  if (datasets.length === 0) throw new Error('there is no dataset: run `npm run corpus` first');
  const python = await installScikitLearn();
  for (const dataset of datasets) {
    process.stderr.write(`${dataset.name}: this takes a minute or two\n`);
    const [train, test] = [await readAll(dataset.train), await readAll(dataset.test)];
    const waymark = await measureWaymark(dataset, test, 'auto');
    const logistic = await measureWaymark(dataset, test, 'logistic-regression');
    const peers = await measurePython(python, dataset);
    const natural = measureNatural(train, test);
    process.stdout.write(
      [
        `### ${dataset.name}: ${train.length} / ${test.length} texts`,
        '',
        '| classifier | accuracy | calibration error | fit | one text, p50 | against Waymark | artefact | load + first answer | |',
        '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |',
        ...[waymark, logistic, ...peers, natural].map((contender) => row(contender, waymark)),
        '',
        '',
      ].join('\n'),
    );
  }
}
