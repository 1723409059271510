import { parseArgs } from 'node:util';
import { readContent } from '../../artefacts/artefact.ts';
import { fetchVersions, publishChange, withSharedModels } from '../../models/sources/shared-models.ts';
import { KeyFileError, readPemFile } from '../../signing/keys.ts';
import { createSigner, signFolder } from '../../signing/signer.ts';
import { readModelsDatabase } from '../model-versions.ts';
import { runCommand, UsageError } from '../usage.ts';
import { findVersion, requireOwnName } from './version-folder.ts';

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
  const database = readModelsDatabase();
  if (database) await withSharedModels(database, (shared) => fetchVersions(values.models, shared));
  const named = await findVersion(values.models, values.model);
  requireOwnName(named, await readContent(named.folder));
  const [privateKey, ...others] = (await readPemFile(keyFile)).privateKeys;
  if (privateKey === undefined || others.length > 0) {
    throw new KeyFileError(`${keyFile} holds ${privateKey ? 'several private keys' : 'no private key'}`);
  }
  const files = certificateFile === undefined ? [] : [certificateFile, ...values['certificate-chain']];
  const certificates = (await Promise.all(files.map(readPemFile))).flatMap((file) => file.certificates);
  if (certificateFile !== undefined && certificates.length === 0) {
    throw new KeyFileError(`${certificateFile} holds no certificate`);
  }
  const signer = createSigner(privateKey, certificates);
  const sign = () => signFolder(named.folder, signer);
  const count = database
    ? await withSharedModels(database, (shared) => publishChange(values.models, shared, named, sign))
    : await sign();
  const { name: model, version, folder } = named;
  const { signedBy } = signer;
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ model, version, folder, files: count, signedBy })}\n`
      : `Signed the ${count} files of ${folder} with the ${signedBy}\n`,
  );
}

runCommand('sign', main);
