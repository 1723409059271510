import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CHART } from '../chart-files.ts';

const FOLDER = join(CHART, '../../kubernetes');

/** The rendered default of the chart, for people without Helm. */
export const RENDERED_DEFAULT = join(FOLDER, 'waymark.yaml');

const NOTICE = `# The chart deploy/helm/waymark with its default values. "npm run chart" writes this file.
#
#     kubectl create namespace waymark
#     kubectl apply --namespace waymark --filename deploy/kubernetes/waymark.yaml
`;

/**
 * Renders the chart as a release with the name `waymark`.
 *
 * @param arguments_ arguments of `helm template`, such as `--values`
 * @throws {Error} with the message of Helm if the values cannot be rendered
 */
export async function render(helm: string, ...arguments_: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(
    helm,
    ['template', 'waymark', CHART, '--namespace', 'waymark', ...arguments_],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  return stdout;
}

/** Returns the content of the file with the rendered default. */
export async function renderDefault(helm: string): Promise<string> {
  return NOTICE + (await render(helm));
}
