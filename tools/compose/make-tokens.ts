import { hash, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The tokens of the containers: the scopes that each needs, and the file with the token. */
const TOKENS = [
  { name: 'mail-gateway', scopes: ['predict', 'feedback'], file: 'gateway-token' },
  { name: 'alertmanager', scopes: ['manage'], file: 'alertmanager-token' },
  { name: 'operator', scopes: ['predict', 'explain', 'feedback', 'read', 'manage'], file: 'operator-token' },
] as const;

/** The receiver of Alertmanager that calls the service. */
const SERVICE_RECEIVER = /^( *)- url: http:\/\/waymark:3000\/.*\n/m;

/**
 * Writes the secrets of docker-compose.tokens.yml: a token for each caller, the token file of the service, and the
 * configuration of Alertmanager with its token.
 *
 * @param project the folder of docker-compose.yml
 * @param folder the new folder of the secrets. Only this user can open it. The files can be read by everybody, because a
 *   container mounts them for a user of another id.
 * @throws if the folder exists
 */
export async function makeTokens(project: string, folder: string): Promise<void> {
  await mkdir(folder, { mode: 0o700 });
  const write = (name: string, text: string) => writeFile(join(folder, name), text, { mode: 0o444, flag: 'wx' });
  const tokens = TOKENS.map((token) => ({ ...token, secret: randomBytes(32).toString('base64url') }));
  for (const { file, secret } of tokens) await write(file, secret);
  const stored = tokens.map(({ name, scopes, secret }) => ({ name, sha256: hash('sha256', secret), scopes }));
  await write('tokens.json', `${JSON.stringify({ tokens: stored }, undefined, 2)}\n`);
  await write(
    'alertmanager.yml',
    addToken(await readFile(join(project, 'otel/alertmanager/alertmanager.yml'), 'utf8')),
  );
}

function addToken(configuration: string): string {
  if (!SERVICE_RECEIVER.test(configuration)) throw new Error('alertmanager.yml has no receiver http://waymark:3000/');
  const credentials = 'authorization: { credentials_file: /run/secrets/alertmanager-token }';
  return configuration.replace(
    SERVICE_RECEIVER,
    (url, indent: string) => `${url}${indent}  http_config: { ${credentials} }\n`,
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    await makeTokens('.', 'secrets');
    process.stdout.write(
      'Wrote secrets/. Start with:\n' +
        '  docker compose -f docker-compose.yml -f docker-compose.tokens.yml up --detach --wait\n' +
        'Your own token is in secrets/operator-token.\n',
    );
  } catch (error) {
    const isPresent = (error as NodeJS.ErrnoException).code === 'EEXIST';
    process.stderr.write(`tokens: ${isPresent ? 'secrets/ exists already; nothing was changed' : String(error)}\n`);
    process.exitCode = 1;
  }
}
