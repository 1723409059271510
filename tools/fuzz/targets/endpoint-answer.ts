import type { OipDescription, OpenaiDescription } from '../../../src/artefacts/remote-manifest.ts';
import { OUTPUT_CONTENTS } from '../../../src/artefacts/remote-manifest.ts';
import { encoderProbabilities } from '../../../src/classifier/scoring/encoder-model.ts';
import { createOip } from '../../../src/runtimes/remote/oip.ts';
import { createOpenai } from '../../../src/runtimes/remote/openai.ts';

const labels = ['ham', 'spam', 'spam-news'];
const address = { url: 'http://127.0.0.1/', model: 'a' };

const adapters = [
  ...OUTPUT_CONTENTS.map((content) => {
    const description: OipDescription = {
      protocol: 'oip',
      ...address,
      input: { name: 'text', dimensions: 1 },
      output: { name: 'scores', content },
    };
    return createOip(description, labels);
  }),
  createOpenai(
    {
      protocol: 'openai',
      ...address,
      instructions: 'a',
      descriptions: {},
      examples: [],
      topLogprobs: 20,
      maxTokens: 10,
      prices: { currency: 'USD', input: 1, output: 2 },
    } satisfies OpenaiDescription,
    labels,
  ),
];

/** Reads the bytes as an answer of each protocol. */
export function fuzz(data: Buffer): void {
  for (const adapter of adapters) {
    let scores: Float32Array;
    try {
      ({ scores } = adapter.read(JSON.parse(data.toString())));
    } catch {
      continue;
    }
    const probabilities = encoderProbabilities({ labels, scale: 2 }, scores);
    const sum = probabilities.reduce((a, b) => a + b, 0);
    if (scores.length !== labels.length || !(Math.abs(sum - 1) < 1e-6)) throw new Error('they are no probabilities');
  }
}
