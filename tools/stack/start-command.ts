import packageJson from '../../package.json' with { type: 'json' };

/** The arguments with which `npm start` and `npm run gateway` run Node: a stack or a benchmark runs what users run. */
export function startArguments(script: 'start' | 'gateway'): string[] {
  return packageJson.scripts[script].split(' ').slice(2);
}
