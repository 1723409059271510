import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** The file with the constants of the model, which `npm run bench -- capacity --measure` writes. */
const MEASURED_FILE = join(import.meta.dirname, 'measured.json');

const positive = z.number().positive();
const notNegative = z.number().nonnegative();

const measuredSchema = z.object({
  /** The processor and the load of the machine in the measurement. */
  machine: z.string(),
  service: z.object({
    /** The CPU time of a process without requests, as a share of a core. */
    idleCores: notNegative,
    /** The CPU time of a prediction without its trace: a part that is always the same, and parts that grow. In microseconds. */
    baseMicroseconds: positive,
    microsecondsPerCharacter: positive,
    microsecondsPerLabel: notNegative,
    /** The CPU time of the spans and the log record of a sampled prediction, with their export. In microseconds. */
    traceMicroseconds: notNegative,
    /** The memory of a process under load with one model of two labels, and of each further model. In MiB. */
    memoryMiB: positive,
    memoryPerModelMiB: notNegative,
    memoryPerLabelMiB: notNegative,
    /** The series of a process without models, of each model without labels, and of each label of a model. */
    baseSeries: positive,
    seriesPerModel: positive,
    seriesPerLabel: positive,
    /** The spans of a prediction, and the bytes that are sent for each sampled one, not compressed. */
    spansPerPrediction: positive,
    traceBytes: positive,
    logBytes: positive,
  }),
  /** One Collector with the configuration of the project. */
  collector: z.object({
    microsecondsPerSpan: positive,
    memoryMiB: positive,
    /** The series of span metrics for each replica. */
    spanSeriesPerReplica: positive,
  }),
  /** Jaeger with Badger. */
  jaeger: z.object({ microsecondsPerSpan: positive, bytesPerSpan: positive }),
  victoriaLogs: z.object({ microsecondsPerRecord: positive, bytesPerRecord: positive }),
  postgres: z.object({
    microsecondsPerRow: positive,
    bytesPerRow: positive,
    /** The transactions per second that a replica without requests causes, for roles, policies and locks. */
    idleTransactionsPerSecond: positive,
  }),
});

/** The measured constants. */
export type Measured = z.infer<typeof measuredSchema>;

/** Reads the constants. @throws {Error} if the file is missing or is not of this form */
export async function readMeasured(): Promise<Measured> {
  return measuredSchema.parse(JSON.parse(await readFile(MEASURED_FILE, 'utf8')));
}

/** Writes the constants, with three significant figures. */
export async function writeMeasured(measured: Measured): Promise<void> {
  const rounded = JSON.stringify(
    measuredSchema.parse(measured),
    (_, value) => (typeof value === 'number' ? Number(value.toPrecision(3)) : value),
    2,
  );
  await writeFile(MEASURED_FILE, `${rounded}\n`);
}
