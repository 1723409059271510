import { runBatchesBenchmark } from './batches.ts';
import { runCapacityBenchmark } from './capacity/run.ts';
import { runClassifierBenchmark } from './classifier/run.ts';
import { runScriptsBenchmark } from './classifier/scripts.ts';
import { runEvidenceBenchmark } from './evidence/run.ts';
import { runGrowthBenchmark } from './growth/run.ts';
import { runInsightsBenchmark } from './insights/run.ts';
import { runLoadToolBenchmark } from './load-tool.ts';
import { runOverloadBenchmark } from './models/overload.ts';
import { runModelsBenchmark } from './models/run.ts';
import { runPortBenchmark } from './port/run.ts';
import { runProfileBenchmark } from './profile.ts';
import { runRecentBenchmark } from './recent/run.ts';
import { runRetrainBenchmark } from './retrain.ts';
import { runServingBenchmark } from './serving/run.ts';
import { runStabilityBenchmark } from './stability.ts';
import { runStartBenchmark } from './start.ts';
import { runSwapsBenchmark } from './swaps.ts';
import { runTelemetryBenchmark } from './telemetry/run.ts';
import { runVersionsBenchmark } from './versions.ts';

const benchmarks: Readonly<Record<string, (full: boolean, args: readonly string[]) => Promise<void>>> = {
  batches: runBatchesBenchmark,
  capacity: runCapacityBenchmark,
  classifier: runClassifierBenchmark,
  retrain: runRetrainBenchmark,
  evidence: runEvidenceBenchmark,
  growth: runGrowthBenchmark,
  insights: runInsightsBenchmark,
  'load-tool': runLoadToolBenchmark,
  models: runModelsBenchmark,
  overload: runOverloadBenchmark,
  port: runPortBenchmark,
  profile: runProfileBenchmark,
  recent: runRecentBenchmark,
  scripts: runScriptsBenchmark,
  serving: runServingBenchmark,
  stability: runStabilityBenchmark,
  start: runStartBenchmark,
  swaps: runSwapsBenchmark,
  telemetry: runTelemetryBenchmark,
  versions: runVersionsBenchmark,
};

// An explicit exit runs the exit handlers, which kill the processes that this process started.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.once(signal, () => process.exit(code));

const names = Object.keys(benchmarks);
const [requested, ...rest] = process.argv.slice(2).filter((argument) => argument !== '--full');
const full = process.argv.includes('--full');

// Only `capacity` has options of its own.
if ((rest.length > 0 && requested !== 'capacity') || (requested !== undefined && !names.includes(requested))) {
  process.stderr.write(
    `Usage: npm run bench [-- NAME] [--full], with NAME one of: ${names.join(', ')} (default: all); --full runs longer\n`,
  );
  process.exitCode = 64;
} else {
  for (const name of requested === undefined ? names : [requested]) await benchmarks[name]!(full, rest);
}
