import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { readMails } from '../../tools/stack/check/traffic.ts';
import { writeLabelledModel } from '../growth/growth-models.ts';
import { type MeasuredService, type ServiceFigures, withMeasuredService } from '../growth/measured-service.ts';
import { writeManyModels } from '../harness/many-versions.ts';
import { median } from '../harness/median.ts';
import type { Measured } from './measured.ts';

/** The rate of all measurements: busy enough that a prediction costs as much as in a replica that is well used. */
const RATE = 500;
const WARM_UP_SECONDS = 6;
const IDLE_SECONDS = 6;
/** The rounds of the comparison of traced and untraced predictions. */
const ROUNDS = 3;
const SHORT = 200;
const LONG = 4_000;
const MANY_LABELS = 1_000;
const MANY_MODELS = 20;
/** The settings of a service that counts each prediction and traces none. */
const UNSAMPLED = { OTEL_TRACES_SAMPLER: 'always_off' };

/** Measures the costs of the service. */
export async function measureServiceCosts(folder: string, seconds: number): Promise<Measured['service']> {
  const mails = (await readMails()).map(({ text }) => text);
  const bodies = bodiesOf(mails);
  const traced = await withMeasuredService(folder, {}, (tracing) =>
    withMeasuredService(folder, UNSAMPLED, async (counting) => {
      const idleCores = await counting.idleCores(IDLE_SECONDS);
      for (const service of [tracing, counting]) await service.warmUp(bodies, WARM_UP_SECONDS);
      const differences: number[] = [];
      let figures: ServiceFigures | undefined;
      // Alternately, since the machine varies.
      for (let round = 0; round < ROUNDS; round += 1) {
        figures = await tracing.measure({ bodies, level: { rate: RATE }, seconds });
        const without = await counting.measure({ bodies, level: { rate: RATE }, seconds });
        differences.push(microseconds(figures, idleCores) - microseconds(without, idleCores));
      }
      const [short, long] = [await lengthCost(counting, SHORT), await lengthCost(counting, LONG)];
      return { idleCores, figures: figures!, traceMicroseconds: median(differences), short, long };

      async function lengthCost(service: MeasuredService, characters: number): Promise<number> {
        const texts = bodiesOf(slices(mails.join('\n').repeat(2), characters));
        await service.warmUp(texts, WARM_UP_SECONDS);
        return microseconds(await service.measure({ bodies: texts, level: { rate: RATE }, seconds }), idleCores);
      }
    }),
  );
  const mail = traced.figures;
  const microsecondsPerCharacter = (traced.long - traced.short) / (LONG - SHORT);
  const perLabel = await measureLabels(folder, seconds);
  const models = await measureModels(folder, mails, seconds);
  const seriesPerModel = models.seriesPerModel - 2 * perLabel.series;
  return {
    idleCores: traced.idleCores,
    baseMicroseconds: traced.short - SHORT * microsecondsPerCharacter - 2 * perLabel.microseconds,
    microsecondsPerCharacter,
    microsecondsPerLabel: perLabel.microseconds,
    traceMicroseconds: measurable('a trace', traced.traceMicroseconds),
    // Two services share pages, so their memory is measured with one.
    memoryMiB: models.memoryMiB,
    memoryPerModelMiB: models.memoryPerModelMiB,
    memoryPerLabelMiB: perLabel.memoryMiB,
    baseSeries: mail.series - seriesPerModel - 2 * perLabel.series,
    seriesPerModel,
    seriesPerLabel: perLabel.series,
    spansPerPrediction: Math.round(mail.spans / mail.predictions),
    traceBytes: mail.bytes.traces / mail.predictions,
    logBytes: mail.bytes.logs / mail.predictions,
  };
}

/** Returns the cost of a further label: from models with 2 and with 1,000 labels that know the same words. */
async function measureLabels(folder: string, seconds: number) {
  const at = async (labels: number) => {
    const models = await mkdtemp(join(folder, 'models-'));
    const bodies = bodiesOf(await writeLabelledModel(models, labels));
    return measureOnce(folder, { ...UNSAMPLED, MODELS_DIR: models, DEFAULT_MODEL: 'labels' }, bodies, seconds);
  };
  const [few, many] = [await at(2), await at(MANY_LABELS)];
  const labels = MANY_LABELS - 2;
  return {
    microseconds: measurable('a label', (many.microseconds - few.microseconds) / labels),
    memoryMiB: measurable('the memory of a label', (many.residentMiB - few.residentMiB) / labels),
    series: (many.series - few.series) / labels,
  };
}

/** Returns the memory of a traced service with one model of two labels, and the cost of each further model. */
async function measureModels(folder: string, mails: readonly string[], seconds: number) {
  const at = async (count: number) => {
    const models = await mkdtemp(join(folder, 'models-'));
    const names = await writeManyModels(models, count);
    const bodies = names.flatMap((model) => bodiesOf(mails, model));
    return measureOnce(folder, { MODELS_DIR: models, DEFAULT_MODEL: names[0]! }, bodies, seconds);
  };
  const [one, many] = [await at(1), await at(MANY_MODELS)];
  return {
    memoryMiB: one.residentMiB,
    seriesPerModel: (many.series - one.series) / (MANY_MODELS - 1),
    memoryPerModelMiB: measurable('the memory of a model', (many.residentMiB - one.residentMiB) / (MANY_MODELS - 1)),
  };
}

async function measureOnce(
  folder: string,
  env: Readonly<Record<string, string>>,
  bodies: readonly string[],
  seconds: number,
): Promise<ServiceFigures & { microseconds: number }> {
  return withMeasuredService(folder, env, async (service) => {
    const idleCores = await service.idleCores(IDLE_SECONDS);
    await service.warmUp(bodies, WARM_UP_SECONDS);
    const figures = await service.measure({ bodies, level: { rate: RATE }, seconds });
    return { ...figures, microseconds: microseconds(figures, idleCores) };
  });
}

function bodiesOf(texts: readonly string[], model?: string): string[] {
  return texts.map((text) => JSON.stringify({ text, model }));
}

function microseconds({ cpuSeconds, seconds, predictions }: ServiceFigures, idleCores: number): number {
  return ((cpuSeconds - idleCores * seconds) / predictions) * 1e6;
}

/**
 * Returns a cost that is the difference of two measurements.
 *
 * @throws {Error} if it is not above 0: then other work of the machine hides it, and the capacity would be too small
 */
function measurable(name: string, cost: number): number {
  if (cost > 0) return cost;
  throw new Error(`the cost of ${name} was not above 0: the machine is too busy with other work to measure it`);
}

function slices(text: string, characters: number): string[] {
  const count = Math.min(200, Math.floor(text.length / characters));
  return Array.from({ length: count }, (_, at) => text.slice(at * characters, (at + 1) * characters));
}
