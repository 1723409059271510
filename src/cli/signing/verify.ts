import { parseArgs } from 'node:util';
import { readContent } from '../../artefacts/artefact.ts';
import { createVerifier, readTrust } from '../../signing/verifier.ts';
import { runCommand, UsageError } from '../usage.ts';
import { findVersion, requireOwnName } from './version-folder.ts';

const HELP = `Usage: npm run verify -- --model NAME[@VERSION] (--public-key FILE | --certificate-chain FILE)... [options]

Verifies the signature of a version as the service does with MODEL_SIGNATURE_KEYS, and reads the version.

  --model NAME[@VERSION]    the model (default version: the latest)
  --public-key FILE         trusted public keys as PEM; may be repeated
  --certificate-chain FILE  trusted certificates as PEM, of signers or of authorities; may be repeated
  --models DIR              the models folder (default: ./models)
  --json                    print one JSON object
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      model: { type: 'string' },
      'public-key': { type: 'string', multiple: true, default: [] },
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
  const trusted = [...values['public-key'], ...values['certificate-chain']];
  if (trusted.length === 0) throw new UsageError('--public-key or --certificate-chain is missing');
  const named = await findVersion(values.models, values.model);
  const artefact = await readContent(named.folder, createVerifier(await readTrust(trusted)));
  requireOwnName(named, artefact);
  const { name: model, version, folder } = named;
  const { signedBy } = artefact;
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ model, version, folder, signedBy })}\n`
      : `${model}@${version} is signed by the ${signedBy}\n`,
  );
}

runCommand('verify', main);
