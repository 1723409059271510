import packageJson from '../../package.json' with { type: 'json' };

/**
 * Returns the Node arguments of `npm start` or `npm run gateway`, so that stack and benchmarks run the same command.
 */
export function startArguments(script: 'start' | 'gateway'): string[] {
  return packageJson.scripts[script].split(' ').slice(2);
}
