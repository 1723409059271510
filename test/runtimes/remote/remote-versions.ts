import { join } from 'node:path';
import { writeArtefact } from '../../../src/artefacts/artefact.ts';
import type { OipDescription, OpenaiDescription } from '../../../src/artefacts/remote-manifest.ts';
import { packRemote, type RemoteModel } from '../../../src/artefacts/remote-pack.ts';
import { measureImported } from '../../../src/training/import-onnx.ts';

const LABELS = ['ham', 'spam'];

/** Returns a model of the stand-in for a model server. */
export function oipModel(url: string): RemoteModel & { remote: OipDescription } {
  const remote: OipDescription = {
    protocol: 'oip',
    url,
    model: 'remote',
    input: { name: 'text', dimensions: 1 },
    output: { name: 'scores', content: 'probabilities' },
  };
  return { labels: LABELS, scale: 1, remote };
}

/** Returns a model of the stand-in for a language model. */
export function chatModel(url: string): RemoteModel & { remote: OpenaiDescription } {
  const remote: OpenaiDescription = {
    protocol: 'openai',
    url,
    model: 'small',
    instructions: 'Sort mails.',
    descriptions: { spam: 'unwanted' },
    examples: [{ text: 'Win', label: 'spam' }],
    topLogprobs: 5,
    maxTokens: 50,
    prices: { currency: 'USD', input: 0.5, output: 2 },
  };
  return { labels: LABELS, scale: 1, remote };
}

/** Packs a version without calibration. */
export function packRemoteVersion(model: RemoteModel, name: string, version: string) {
  const { scale: _, ...measured } = measureImported([], [], model.labels);
  const training = { sha256: '0'.repeat(64), documents: 0, documentsByLabel: {}, seed: 1, candidates: [] };
  return packRemote(model, { name, version, training, ...measured });
}

/** Writes a version without calibration into a models folder. */
export async function writeRemoteVersion(models: string, name: string, version: string, model: RemoteModel) {
  const { manifest, bytes } = packRemoteVersion(model, name, version);
  await writeArtefact(join(models, name, version), manifest, bytes);
}
