/**
 * A simple server with Koa and natural's classifier, traced by all automatic instrumentations
 * (`node --require @opentelemetry/auto-instrumentations-node/register koa-natural.cjs MODEL PORT`).
 * The file is CommonJS, since the instrumentations patch modules that are loaded by `require`.
 */
const { readFileSync } = require('node:fs');
const Router = require('@koa/router');
const Koa = require('koa');
const BayesClassifier = require('natural/lib/natural/classifiers/bayes_classifier.js');

const [model, port] = process.argv.slice(2);
const classifier = BayesClassifier.restore(JSON.parse(readFileSync(model, 'utf8')));

async function readJson(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}

const router = new Router();
router.get('/health', (ctx) => {
  ctx.body = 'ok';
});
router.post('/predict', async (ctx) => {
  const { text } = await readJson(ctx.req);
  const scores = classifier.getClassifications(text);
  const sum = scores.reduce((total, { value }) => total + value, 0);
  const [{ label, value }] = scores;
  ctx.body = { prediction: label, confidence: value / sum };
});

new Koa().use(router.routes()).listen(Number(port), '127.0.0.1');
