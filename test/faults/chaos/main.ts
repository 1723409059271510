/**
 * Runs the chaos test once. The options are `CHAOS_SEED` (by default chosen by the clock), `CHAOS_SECONDS` (600),
 * `CHAOS_WORKERS` (1) and `CHAOS_GATEWAY` (`false`). The exit code is 1 if a promise was broken.
 */
import { spawnSync } from 'node:child_process';
import { runChaos } from './run.ts';

const { env } = process;

/** Returns whether this user may make mounts that no other process sees. */
function canUnshare(): boolean {
  return spawnSync('unshare', ['--mount', 'true'], { stdio: 'ignore' }).status === 0;
}

// Mounts in a namespace of their own end with the processes of the run, also when it is killed.
if (env['CHAOS_NAMESPACE'] === undefined && canUnshare()) {
  const args = ['--mount', process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const { status } = spawnSync('unshare', args, { stdio: 'inherit', env: { ...env, CHAOS_NAMESPACE: 'own' } });
  process.exit(status ?? 1);
}
const violations = await runChaos({
  seed: Number(env['CHAOS_SEED'] ?? Date.now() % 1_000_000),
  seconds: Number(env['CHAOS_SECONDS'] ?? 600),
  workers: Number(env['CHAOS_WORKERS'] ?? 1),
  gateway: env['CHAOS_GATEWAY'] === 'true',
});
process.exit(violations.length === 0 ? 0 : 1);
