import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMails } from '../../tools/stack/check/traffic.ts';
import { writeManyModels } from '../harness/many-versions.ts';
import { writeLabelledModel } from './growth-models.ts';
import { FULLY_USED, type MeasuredService, type ServiceFigures, withMeasuredService } from './measured-service.ts';
import { growthTable, type Sweep } from './table.ts';

const RATES = [1, 10, 100, 1_000, 2_000, 5_000, 10_000];
/** A model has two labels at least. */
const LABELS = [2, 10, 100, 1_000];
const CHARACTERS = [10, 100, 1_000, 10_000, 100_000];
const MODELS = [1, 3, 10, 30, 100];

/** The share of the rate below which the service no longer keeps up. */
const MIN_REACHED = 0.95;
const LENGTHS = { full: { seconds: 30, warmUp: 20 }, short: { seconds: 4, warmUp: 3 } } as const;
type Lengths = (typeof LENGTHS)[keyof typeof LENGTHS];

/**
 * Measures how the cost of a prediction grows with the rate, the number of labels, the length of the text and the number of
 * models: CPU time, latency, memory, series and bytes of telemetry, with the exponent of each. Every request is traced. Rates are
 * those of an open loop; the service is fully used in the other sweeps.
 */
export async function runGrowthBenchmark(full: boolean): Promise<void> {
  const lengths = full ? LENGTHS.full : LENGTHS.short;
  const folder = await mkdtemp(join(tmpdir(), 'waymark-growth-'));
  const load = loadavg()[0]!;
  try {
    const sweeps = [
      await sweepRates(folder, lengths),
      await sweepLabels(folder, lengths),
      await sweepCharacters(folder, lengths),
      await sweepModels(folder, lengths),
    ];
    process.stdout.write(`### Growth: every request traced, one core\n\n${growthTable(sweeps)}\n`);
    process.stdout.write(`Load of the machine: ${load.toFixed(1)} before, ${loadavg()[0]!.toFixed(1)} after.\n`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function sweepRates(folder: string, lengths: Lengths): Promise<Sweep> {
  const bodies = (await readMails()).map(({ text }) => JSON.stringify({ text }));
  return withMeasuredService(folder, {}, async (service) => {
    await service.warmUp(bodies, lengths.warmUp);
    const points: Sweep['points'][number][] = [];
    for (const rate of RATES) {
      process.stderr.write(`${rate}/s\n`);
      // At least ten predictions, so that the lowest rate has a figure.
      const figures = await service.measure({
        bodies,
        level: { rate },
        seconds: Math.max(lengths.seconds, 10 / rate),
      });
      points.push({ size: rate, figures });
      if (figures.perSecond < MIN_REACHED * rate) {
        const stopped = `at ${rate.toLocaleString('en-US')}/s the service answers ${Math.round(figures.perSecond).toLocaleString('en-US')}/s, and refuses or delays the rest (${figures.failed.toLocaleString('en-US')} refused)`;
        return { quantity: 'requests/s', points: points.slice(0, -1), stopped };
      }
    }
    return { quantity: 'requests/s', points };
  });
}

async function sweepLabels(folder: string, lengths: Lengths): Promise<Sweep> {
  const points: Sweep['points'][number][] = [];
  for (const labels of LABELS) {
    process.stderr.write(`${labels} labels\n`);
    const models = await mkdtemp(join(folder, 'models-'));
    const texts = await writeLabelledModel(models, labels);
    const bodies = texts.map((text) => JSON.stringify({ text }));
    const env = { MODELS_DIR: models, DEFAULT_MODEL: 'labels' };
    points.push({ size: labels, figures: await measureOnce(folder, env, bodies, lengths) });
  }
  return { quantity: 'labels', points };
}

async function sweepCharacters(folder: string, lengths: Lengths): Promise<Sweep> {
  const mails = (await readMails()).map(({ text }) => text).join('\n');
  return withMeasuredService(folder, {}, async (service) => {
    const points: Sweep['points'][number][] = [];
    for (const characters of CHARACTERS) {
      process.stderr.write(`${characters} characters\n`);
      const bodies = sliceTexts(mails, characters).map((text) => JSON.stringify({ text }));
      await service.warmUp(bodies, lengths.warmUp);
      points.push({ size: characters, figures: await measureFullyUsed(service, bodies, lengths) });
    }
    return { quantity: 'characters', points };
  });
}

async function sweepModels(folder: string, lengths: Lengths): Promise<Sweep> {
  const mails = await readMails();
  const points: Sweep['points'][number][] = [];
  for (const count of MODELS) {
    process.stderr.write(`${count} models\n`);
    const models = await mkdtemp(join(folder, 'models-'));
    const names = await writeManyModels(models, count);
    const bodies = Array.from({ length: mails.length * count }, (_, at) =>
      JSON.stringify({ text: mails[at % mails.length]!.text, model: names[Math.floor(at / mails.length)] }),
    );
    const env = { MODELS_DIR: models, DEFAULT_MODEL: names[0]! };
    points.push({ size: count, figures: await measureOnce(folder, env, bodies, lengths) });
  }
  return { quantity: 'models', points };
}

/** Returns texts of a length, from different places of a long text that is repeated as often as needed. */
function sliceTexts(source: string, characters: number): string[] {
  const long = source.repeat(Math.ceil((2 * characters) / source.length));
  const texts = Math.min(50, Math.max(1, Math.floor(long.length / characters)));
  const step = Math.floor((long.length - characters) / texts);
  return Array.from({ length: texts }, (_, at) => long.slice(at * step, at * step + characters));
}

async function measureOnce(
  folder: string,
  env: Readonly<Record<string, string>>,
  bodies: readonly string[],
  lengths: Lengths,
): Promise<ServiceFigures> {
  return withMeasuredService(folder, env, async (service) => {
    await service.warmUp(bodies, lengths.warmUp);
    return measureFullyUsed(service, bodies, lengths);
  });
}

async function measureFullyUsed(
  service: MeasuredService,
  bodies: readonly string[],
  { seconds }: Lengths,
): Promise<ServiceFigures> {
  const figures = await service.measure({ bodies, level: FULLY_USED, seconds });
  if (figures.failed > 0) throw new Error(`${figures.failed} requests failed`);
  return figures;
}
