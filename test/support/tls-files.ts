import { copyFile, mkdtemp, readFile, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate of the fixtures with a key. */
type CertificateName = 'server' | 'renewed' | 'client' | 'stranger';

const fixture = (file: string) => join(import.meta.dirname, '../fixtures/tls', file);

/** Reads the authority, and a certificate with its key, for a client. */
export async function clientFiles(name?: CertificateName) {
  const ca = await readFile(fixture('authority.pem'));
  if (name === undefined) return { ca };
  return { ca, cert: await readFile(fixture(`${name}.pem`)), key: await readFile(fixture(`${name}.key`)) };
}

/** Copies the certificate of a server into a new folder, and returns the settings that name it. */
export async function serverFiles() {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-tls-'));
  const settings = { TLS_CERT_FILE: join(folder, 'server.pem'), TLS_KEY_FILE: join(folder, 'server.key') };
  const replace = async (path: string, file: string) => {
    await copyFile(fixture(file), `${path}.new`);
    await rename(`${path}.new`, path);
  };
  const install = async (name: CertificateName) => {
    await replace(settings.TLS_KEY_FILE, `${name}.key`);
    await replace(settings.TLS_CERT_FILE, `${name}.pem`);
  };
  await install('server');
  return { settings, install, replace, authority: fixture('authority.pem') };
}
