import { runClassifierBenchmark } from './classifier/run.ts';

const benchmarks: Readonly<Record<string, () => Promise<void>>> = {
  classifier: runClassifierBenchmark,
};

const names = Object.keys(benchmarks);
const [asked, ...rest] = process.argv.slice(2);

if (rest.length > 0 || (asked !== undefined && !names.includes(asked))) {
  process.stderr.write(`Usage: npm run bench [-- NAME], with NAME one of: ${names.join(', ')} (default: all)\n`);
  process.exitCode = 64;
} else {
  for (const name of asked === undefined ? names : [asked]) await benchmarks[name]!();
}
