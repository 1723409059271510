import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { readMails } from '../../tools/stack/check/traffic.ts';
import { withMeasuredService } from '../growth/measured-service.ts';
import { writeManyModels } from '../harness/many-versions.ts';
import type { Measured } from './measured.ts';
import { capacityOf } from './model.ts';

const RATES = [250, 500, 750];
const MODELS = 3;
const SAMPLING = 0.5;
const WARM_UP_SECONDS = 8;
/** The allowed differences of the model to the service, as shares of the measured value. */
const MAX_ERRORS = { cores: 0.35, memory: 0.25, series: 0.1, traceBytes: 0.1, logBytes: 0.1 } as const;

type Part = keyof typeof MAX_ERRORS;
type Figures = Readonly<Record<Part, number>>;

/**
 * Compares the model with a real service at three rates, with a number of models and a sampling that no constant was measured
 * with. Prints a table, and returns whether all differences are within their limits.
 */
export async function checkService(folder: string, measured: Measured, seconds: number): Promise<boolean> {
  const mails = (await readMails()).map(({ text }) => text);
  const characters = mails.reduce((sum, { length }) => sum + length, 0) / mails.length;
  const models = await mkdtemp(join(folder, 'models-'));
  const names = await writeManyModels(models, MODELS);
  const bodies = names.flatMap((model) => mails.map((text) => JSON.stringify({ text, model })));
  const env = {
    MODELS_DIR: models,
    DEFAULT_MODEL: names[0]!,
    OTEL_TRACES_SAMPLER: 'traceidratio',
    OTEL_TRACES_SAMPLER_ARG: String(SAMPLING),
  };
  process.stdout.write(
    '| rate | cores | memory | series | bytes of spans/s | bytes of log records/s |\n| ---: | ---: | ---: | ---: | ---: | ---: |\n',
  );
  return withMeasuredService(folder, env, async (service) => {
    await service.warmUp(bodies, WARM_UP_SECONDS);
    let isWithin = true;
    for (const rate of RATES) {
      const found = await service.measure({ bodies, level: { rate }, seconds });
      const traffic = { requestsPerSecond: found.perSecond, characters, models: MODELS, labels: 2, feedback: 0 };
      const predicted = predict({ ...traffic, sampling: SAMPLING }, measured);
      // The telemetry of all predictions is exported after the load, so its bytes belong to the time of the load.
      const loaded = found.predictions / found.perSecond;
      const real: Figures = {
        cores: (found.cpuSeconds - measured.service.idleCores * (found.seconds - loaded)) / loaded,
        memory: found.residentMiB,
        series: found.series,
        traceBytes: found.bytes.traces / loaded,
        logBytes: found.bytes.logs / loaded,
      };
      const parts = Object.keys(MAX_ERRORS) as Part[];
      const cells = parts.map((part) => cell(predicted[part], real[part]));
      process.stdout.write(`| ${[`${found.perSecond.toFixed(0)}/s`, ...cells].join(' | ')} |\n`);
      isWithin &&= parts.every((part) => errorOf(predicted[part], real[part]) <= MAX_ERRORS[part]);
    }
    const limits = Object.values(MAX_ERRORS).map((limit) => `${limit * 100} %`);
    process.stdout.write(`| allowed | ${limits.join(' | ')} |\n\n`);
    return isWithin;
  });
}

/** Returns the figures of one process. */
function predict(traffic: Parameters<typeof capacityOf>[0], measured: Measured): Figures {
  const { serviceCores, memoryPerReplicaMiB, sentTraceBytesPerDay, sentLogBytesPerDay } = capacityOf(traffic, measured);
  const { baseSeries, seriesPerModel, seriesPerLabel } = measured.service;
  return {
    cores: serviceCores,
    memory: memoryPerReplicaMiB,
    series: baseSeries + traffic.models * (seriesPerModel + traffic.labels * seriesPerLabel),
    traceBytes: sentTraceBytesPerDay / 86_400,
    logBytes: sentLogBytesPerDay / 86_400,
  };
}

function errorOf(predicted: number, real: number): number {
  return Math.abs(predicted - real) / real;
}

function cell(predicted: number, real: number): string {
  const difference = ((predicted - real) / real) * 100;
  const write = (value: number) => (value < 10 ? value.toFixed(3) : Math.round(value).toLocaleString('en-US'));
  return `${write(predicted)} for ${write(real)} (${difference > 0 ? '+' : ''}${difference.toFixed(0)} %)`;
}
