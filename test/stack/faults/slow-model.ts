/** A preload for the service: makes its linear classifiers 40 ms slower for each text. */
import { registerHooks } from 'node:module';

const BEGIN = 'function score(tokens: Tokens): Scores {';
const BUSY = 'for (const end = performance.now() + 40; performance.now() < end; );';

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.endsWith('/src/classifier/scoring/linear-classifier.ts')) return loaded;
    const source = String(loaded.source);
    if (!source.includes(BEGIN)) throw new Error(`${url} has no ${BEGIN}`);
    return { ...loaded, source: source.replace(BEGIN, `${BEGIN} ${BUSY}`) };
  },
});
