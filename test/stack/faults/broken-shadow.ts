/** A preload for the service: makes every shadow throw for each text. */
import { registerHooks } from 'node:module';

const CALL = 'classifyNow(classifier, job.text)';

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.endsWith('/src/predictions/shadow-queue.ts')) return loaded;
    const source = String(loaded.source);
    if (!source.includes(CALL)) throw new Error(`${url} has no ${CALL}`);
    return { ...loaded, source: source.replace(CALL, `(() => { throw new Error('out of order'); })() ?? ${CALL}`) };
  },
});
