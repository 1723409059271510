import type { RemoteModel } from '../artefacts/remote-pack.ts';
import { scoresOf } from '../classifier/scoring/classifier.ts';
import { encoderProbabilities } from '../classifier/scoring/encoder-model.ts';
import { leadOf } from './encoder.ts';
import type { RemoteUse } from './remote/remotes.ts';
import type { DeferredClassifier, Runtime, TimedClassification } from './runtime.ts';

/** The contribution of the endpoint to an explanation. It does not explain itself. */
const REMOTE_CONTRIBUTION = '(endpoint)';

/** The runtime of models behind an endpoint. */
export const remoteRuntime: Runtime = {
  open({ manifest, content }, { remotes }) {
    if (!('remote' in content)) return undefined;
    if (!remotes) throw new Error('it is a model behind an endpoint, and this command sends no texts to endpoints');
    return createRemoteClassifier(content, remotes.open(manifest, content));
  },
};

/** Creates a classifier that asks an endpoint. */
function createRemoteClassifier({ labels, scale }: RemoteModel, endpoint: RemoteUse): DeferredClassifier {
  return {
    labels,
    isRemote: true,
    async classify(text, { signal } = {}): Promise<TimedClassification> {
      const started = performance.now();
      const { scores, cost } = await endpoint.ask(text, signal);
      const probabilities = encoderProbabilities({ labels, scale }, scores);
      return {
        tokens: wordsOf(text),
        scores: scoresOf(labels, probabilities),
        started,
        tokenized: started,
        scored: performance.now(),
        isRemote: true,
        cost,
      };
    },
    explain: (_, scores) => [{ feature: REMOTE_CONTRIBUTION, weight: leadOf(scores) }],
    close: () => {},
  };
}

/** Returns the counts of the words of a text. The endpoint does not say which of them it knows. */
export function wordsOf(text: string): TimedClassification['tokens'] {
  let count = 0;
  for (const _ of text.matchAll(/\S+/g)) count += 1;
  return { count, unknownRatio: count === 0 ? 1 : 0, isObfuscated: false };
}
