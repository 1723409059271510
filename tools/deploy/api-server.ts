import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unpackDebianPackage } from '../stack/debian-package.ts';
import { downloadModules, goBuildTool } from '../stack/go-build.ts';
import { installBuild, onPath } from '../stack/install.ts';
import type { Output } from '../stack/progress.ts';
import { API_SERVER_VERSION } from './versions.ts';

/** The paths of the programs of an API server without a cluster. */
export interface ApiServerPrograms {
  readonly apiServer: string;
  readonly etcd: string;
}

/** Returns the reason why the programs cannot be installed on a machine with Go, or `undefined` if nothing is missing. */
export async function missingForApiServer(): Promise<string | undefined> {
  if ((await onPath('etcd')) ?? ((await onPath('apt-get')) && (await onPath('dpkg-deb')))) return undefined;
  return 'etcd is missing, and so is apt-get to download it: put `etcd` on the PATH';
}

/**
 * Installs the API server of Kubernetes and etcd, its database, into the cache.
 *
 * @throws {Error} if a build or a download fails, or `signal` is aborted
 */
export async function installApiServer(output: Output, signal: AbortSignal): Promise<ApiServerPrograms> {
  const server = await installBuild(
    {
      key: `kube-apiserver-${API_SERVER_VERSION}`,
      title: `API server of Kubernetes ${API_SERVER_VERSION}, built once, 5 to 15 minutes`,
      make: buildApiServer,
    },
    output,
    signal,
  );
  const apiServer = join(server, 'kube-apiserver');
  const onThePath = await onPath('etcd');
  if (onThePath) return { apiServer, etcd: onThePath };
  const etcd = await installBuild(
    {
      key: 'etcd-debian',
      title: 'etcd, unpacked from its Debian package',
      make: (folder, stop) => unpackDebianPackage('etcd-server', folder, stop),
    },
    output,
    signal,
  );
  return { apiServer, etcd: join(etcd, 'usr/bin/etcd') };
}

/** Builds the API server. Its go.mod replaces the modules that are developed beside it by folders; their releases take their place. */
async function buildApiServer(folder: string, signal: AbortSignal): Promise<void> {
  const kubernetes = 'k8s.io/kubernetes';
  const version = `v${API_SERVER_VERSION}`;
  const source = (await downloadModules([`${kubernetes}@${version}`], signal)).get(kubernetes)!;
  const modules = [...(await readFile(join(source, 'go.mod'), 'utf8')).matchAll(/(\S+) => \.\/staging\//g)];
  const staged = version.replace(/^v1\./, 'v0.');
  const replacements = modules.map(([, path]) => `${path}=${path}@${staged}`);
  await goBuildTool(`${kubernetes}/cmd/kube-apiserver`, version, folder, signal, replacements);
}
