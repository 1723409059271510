import { createHash } from 'node:crypto';
import { ARTEFACT_FORMAT, type RemoteManifest } from './manifest.ts';
import { type ManifestDetails, measurements, type PackedArtefact, sha256 } from './pack.ts';
import type { RemoteDescription } from './remote-manifest.ts';
import { packSections, readSection } from './weights-file.ts';

const DIGEST_BYTES = 32;

/** A model behind an endpoint. */
export interface RemoteModel {
  readonly labels: readonly string[];
  readonly remote: RemoteDescription;
  /** The scale of the logarithms of its probabilities. */
  readonly scale: number;
}

/**
 * Packs a model behind an endpoint, as `packLinear` does. Its weights are a digest of the model: prediction ids and experiments
 * know a version by the digest of its weights, so two endpoints must not have the same.
 */
export function packRemote({ labels, remote, scale }: RemoteModel, details: ManifestDetails): PackedArtefact {
  const { bytes, sections } = packSections({ model: digestOf({ labels, remote, scale }) });
  const manifest: RemoteManifest = {
    format: ARTEFACT_FORMAT,
    name: details.name,
    version: details.version,
    algorithm: 'remote',
    labels: [...labels],
    remote,
    scale,
    weights: { bytes: bytes.byteLength, sha256: sha256(bytes), sections },
    ...measurements(details),
  };
  return { manifest, bytes };
}

/**
 * Returns the model of a manifest with an endpoint.
 *
 * @throws {Error} if the manifest and the weights do not match, or if it describes labels that the model does not have
 */
export function createRemoteModel({ labels, remote, scale, weights }: RemoteManifest, bytes: Uint8Array): RemoteModel {
  const model = { labels, remote, scale };
  const digest = readSection(bytes, weights.sections, 'model', 'uint8', DIGEST_BYTES);
  if (Buffer.compare(digest, digestOf(model)) !== 0) throw new Error('it is not that of the endpoint in the manifest');
  if (remote.protocol === 'openai') {
    const named = [...Object.keys(remote.descriptions), ...remote.examples.map(({ label }) => label)];
    if (named.some((label) => !labels.includes(label))) {
      throw new Error('the descriptions or the examples have a label that the model does not have');
    }
  }
  return model;
}

function digestOf(model: RemoteModel): Uint8Array {
  return new Uint8Array(
    createHash('sha256')
      .update(JSON.stringify(sorted(model)))
      .digest(),
  );
}

/** Returns a JSON value whose objects have their fields in one order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return fields.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, field]) => [key, sorted(field)]);
}
