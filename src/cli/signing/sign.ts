import { parseArgs } from 'node:util';
import { readContent } from '../../artefacts/artefact.ts';
import { KeyFileError, readPemFile } from '../../signing/keys.ts';
import { createSigner, signFolder } from '../../signing/signer.ts';
import { readModelsDatabase } from '../model-versions.ts';
import { runCommand, UsageError } from '../usage.ts';
import { findVersion, type NamedVersion, requireOwnName } from './version-folder.ts';

const HELP = `Usage: npm run sign -- --model NAME[@VERSION] --private-key FILE [options]

Signs all files of a version, and writes the signature to MODELS/NAME/VERSION/model.sig. The format
is that of OpenSSF model signing: "model_signing verify key" and "verify certificate" accept it.

  --model NAME[@VERSION]      the model (default version: the latest)
  --private-key FILE          the private key as PEM: EC with the curve P-256, P-384 or P-521
  --signing-certificate FILE  sign as the owner of this certificate of the key, as PEM
  --certificate-chain FILE    certificates that lead from it to a trusted one, as PEM; may be repeated
  --models DIR                the models folder (default: ./models)
  --json                      print one JSON object

The version is read first, so that a damaged one is not signed. A former signature is replaced.
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      model: { type: 'string' },
      'private-key': { type: 'string' },
      'signing-certificate': { type: 'string' },
      'certificate-chain': { type: 'string', multiple: true, default: [] },
      models: { type: 'string', default: './models' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const keyFile = values['private-key'];
  const certificateFile = values['signing-certificate'];
  if (keyFile === undefined) throw new UsageError('--private-key is missing');
  if (certificateFile === undefined && values['certificate-chain'].length > 0) {
    throw new UsageError('--certificate-chain needs --signing-certificate');
  }
  const { named, signedBy, count } = await withDatabase(values.models, async (publish) => {
    const named = await findVersion(values.models, values.model);
    requireOwnName(named, await readContent(named.folder));
    const signer = await openSigner(keyFile, certificateFile, values['certificate-chain']);
    const count = await publish(named, () => signFolder(named.folder, signer));
    return { named, signedBy: signer.signedBy, count };
  });
  const { name: model, version, folder } = named;
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ model, version, folder, files: count, signedBy })}\n`
      : `Signed the ${count} files of ${folder} with the ${signedBy}\n`,
  );
}

/** Reads the key and the certificates of the signer. @throws {KeyFileError} if a file does not hold what it should */
async function openSigner(keyFile: string, certificateFile: string | undefined, chain: readonly string[]) {
  const [privateKey, ...others] = (await readPemFile(keyFile)).privateKeys;
  if (privateKey === undefined || others.length > 0) {
    throw new KeyFileError(`${keyFile} holds ${privateKey ? 'several private keys' : 'no private key'}`);
  }
  const files = certificateFile === undefined ? [] : [certificateFile, ...chain];
  const certificates = (await Promise.all(files.map(readPemFile))).flatMap((file) => file.certificates);
  if (certificateFile !== undefined && certificates.length === 0) {
    throw new KeyFileError(`${certificateFile} holds no certificate`);
  }
  return createSigner(privateKey, certificates);
}

/** Changes the files of a version, and publishes the change where versions are in a database. */
type Publish = <T>(named: NamedVersion, change: () => Promise<T>) => Promise<T>;

/** Does some work with the models folder, which follows the database first if versions are in one. */
async function withDatabase<T>(models: string, work: (publish: Publish) => Promise<T>): Promise<T> {
  const database = readModelsDatabase();
  if (!database) return work((_named, change) => change());
  // The client of PostgreSQL is loaded only if it is needed.
  const { fetchVersions, publishChange, withSharedModels } = await import('../../models/sources/shared-models.ts');
  return withSharedModels(database, async (shared) => {
    await fetchVersions(models, shared);
    return work((named, change) => publishChange(models, shared, named, change));
  });
}

runCommand('sign', main);
