import { describe, expect, test } from 'vitest';
import { createLinearClassifier } from '../../src/classifier/scoring/linear-classifier.ts';
import { answerAll } from '../../src/runtimes/answer-all.ts';
import { createEncoderClassifier, ENCODER_CONTRIBUTION } from '../../src/runtimes/encoder.ts';
import type { Encoded } from '../../src/runtimes/onnx/engine.ts';
import { isDeferred } from '../../src/runtimes/runtime.ts';
import { smallMails, trainSmall } from '../classifier/small-mails.ts';

const labels = ['ham', 'spam'];
const linear = createLinearClassifier(trainSmall().model);

/** An engine whose embedding is the share of an x in the text: a real one needs ONNX Runtime (`encoder.stress.test.ts`). */
function createEngine() {
  const encodedTexts: string[] = [];
  return {
    encodedTexts,
    async encode(text: string): Promise<Encoded> {
      encodedTexts.push(text);
      const now = performance.now();
      const output = Float32Array.of(text.includes('x') ? 1 : -1);
      const times = { tokenizeStarted: now, tokenized: now, encoded: now, waitedSeconds: 0, batchSize: 1 };
      return { output, tokens: 4, unknownTokens: 1, ...times };
    },
  };
}

const head = { columns: 1, weights: Float32Array.of(2), bias: Float64Array.of(0) };
const combination = { linear: 0.5, encoder: 1.5, shift: 0.1 };
const logistic = (logOdds: number) => 1 / (1 + Math.exp(-logOdds));

describe('an encoder alone', () => {
  const classifier = createEncoderClassifier({ algorithm: 'encoder', labels, head }, createEngine(), 'mail');

  test('has the probabilities of its head', async () => {
    const { scores, tokens } = await classifier.classify('x');
    expect(scores.label).toBe('spam');
    expect(scores.confidence).toBeCloseTo(logistic(2), 12);
    expect(tokens).toEqual({ count: 4, unknownRatio: 0.25, isObfuscated: false });
  });

  test('explains with one sum, the log-odds', async () => {
    const { scores } = await classifier.classify('a');
    expect(classifier.explain('a', scores)).toEqual([{ feature: ENCODER_CONTRIBUTION, weight: expect.closeTo(2, 9) }]);
  });
});

describe('linear model and encoder together', () => {
  const model = { algorithm: 'linear+encoder', labels, head, linear, combination } as const;
  const classifier = createEncoderClassifier(model, createEngine(), 'mail');
  const text = 'the free money about winner x';

  test('answer with the weighted product of their probabilities', async () => {
    const own = linear.score(linear.tokenize(text)).probabilities;
    const { scores, encoding } = await classifier.classify(text);
    const logOdds = 0.5 * Math.log(own[1]! / own[0]!) + 1.5 * 2 + 0.1;
    expect(scores.probabilities[1]).toBeCloseTo(logistic(logOdds), 12);
    expect(encoding?.linearScored).toBeGreaterThan(0);
  });

  test('explain with the words and the rest, whose sum is the log-odds', async () => {
    const { scores } = await classifier.classify(text);
    const explanation = classifier.explain(text, scores);
    const sum = explanation.reduce((total, { weight }) => total + weight, 0);
    expect(sum).toBeCloseTo(Math.log(scores.probabilities[1]! / scores.probabilities[0]!), 9);
    expect(explanation.map(({ feature }) => feature)).toEqual(expect.arrayContaining(['free', ENCODER_CONTRIBUTION]));
  });
});

describe('a cascade', () => {
  const sure = 'the free money about winner and prize number 1';
  const unsure = 'about x';

  function createCascade() {
    const engine = createEngine();
    const model = { algorithm: 'cascade', labels, head, linear, combination, escalateBelow: 0.85 } as const;
    return { engine, classifier: createEncoderClassifier(model, engine, 'mail') };
  }

  test('answers at once if the linear model is sure', () => {
    const { engine, classifier } = createCascade();
    const answer = classifier.classify(sure);
    expect(answer).not.toBeInstanceOf(Promise);
    expect(answer).toMatchObject({ scores: linear.score(linear.tokenize(sure)) });
    expect(engine.encodedTexts).toEqual([]);
  });

  test('sends other texts on, and both answer together', async () => {
    const { engine, classifier } = createCascade();
    const { scores, encoding } = await classifier.classify(unsure);
    expect(engine.encodedTexts).toEqual([unsure]);
    expect(encoding).toBeDefined();
    expect(scores.probabilities).not.toEqual(linear.score(linear.tokenize(unsure)).probabilities);
  });

  test('explains a text of the linear model as the linear model does', async () => {
    const { classifier } = createCascade();
    const { scores } = await classifier.classify(sure);
    const tokens = linear.tokenize(sure);
    const expected = linear.explain(tokens, linear.score(tokens));
    expect(classifier.explain(sure, scores)).toEqual(expected);
  });
});

test('answers that were recorded are those of the classifier', async () => {
  const classifier = createEncoderClassifier({ algorithm: 'encoder', labels, head }, createEngine(), 'mail');
  const texts = smallMails(5).map(({ text }) => text);
  const recorded = await answerAll(classifier, [...texts, ...texts]);
  for (const text of texts) {
    const { scores, tokens } = await classifier.classify(text);
    expect(recorded.tokenize(text)).toEqual(tokens);
    expect(recorded.score(recorded.tokenize(text))).toEqual(scores);
  }
});

test('a linear classifier answers at once, and is its own record', async () => {
  expect(isDeferred(linear)).toBe(false);
  expect(await answerAll(linear, ['a text'])).toBe(linear);
});
