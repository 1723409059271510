import { describe, expect, test, vi } from 'vitest';
import {
  neverRespond,
  resetConnection,
  respondWith,
  respondWithProblem,
  scriptedServer,
} from '../packages/client/scripted-server.ts';
import { postMail, spamMail, startTestGateway } from './in-process.ts';

const good = respondWith({
  id: 'x',
  prediction: 'spam',
  confidence: 0.9,
  scores: { ham: 0.1, spam: 0.9 },
  model: { name: 'spam', version: '1' },
  traceId: 'a'.repeat(32),
});

async function judged(step: Parameters<typeof scriptedServer>[0], settings: Record<string, string> = {}) {
  const { url, received } = await scriptedServer(step);
  const gateway = await startTestGateway({ WAYMARK_URL: url, GATEWAY_DEADLINE_MS: '300', ...settings });
  const started = performance.now();
  const response = await postMail(gateway.url, spamMail, { accept: 'application/json' });
  return { response, ms: performance.now() - started, received, gateway };
}

describe('mail is let through without a verdict, marked and within the deadline, where the service', () => {
  test.each([
    ['does not answer', neverRespond, 'deadline'],
    ['breaks every connection', resetConnection, 'deadline|connection'],
    ['refuses the message', respondWithProblem('text-too-long', 422), 'refused'],
    ['is busy for longer than that', respondWithProblem('overloaded', 503, { 'retry-after': '60' }), 'refused'],
    ['is not the service', respondWith('hello'), 'refused'],
  ])('%s', async (_, step, reason) => {
    const { response, ms } = await judged(step);
    expect(response.status).toBe(200);
    expect(response.headers.get('x-spam-status')).toMatch(new RegExp(`^No, unchecked=(${reason})$`));
    expect(response.headers.get('x-spam-checked')).toBe('No');
    expect(await response.json()).toMatchObject({ checked: false, spam: false, reason: expect.stringMatching(reason) });
    expect(ms).toBeLessThan(2_000);
  });

  test('is away altogether; and after a while mail does not even wait for it', async () => {
    const { gateway, received } = await judged(resetConnection);
    const reason = async () => {
      const response = await postMail(gateway.url, spamMail, { accept: 'application/json' });
      return ((await response.json()) as { reason: string }).reason;
    };
    await vi.waitFor(async () => expect(await reason()).toBe('circuit_open'), { timeout: 5_000 });
    const asked = received.length;
    expect(await reason()).toBe('circuit_open');
    expect(received.length).toBe(asked);
  });
});

test('a service that comes back within the deadline costs a message some time, not its verdict', async () => {
  const { url, received } = await scriptedServer(
    resetConnection,
    resetConnection,
    respondWithProblem('not-ready', 503),
    good,
  );
  const gateway = await startTestGateway({ WAYMARK_URL: url });
  const response = await postMail(gateway.url, spamMail);
  expect(response.headers.get('x-spam-status')).toBe('Yes, score=0.9000 model=spam@1');
  expect(received).toHaveLength(4);
});

test('what is asked: subject and body, no more than allowed, of the model that was set', async () => {
  const { received } = await judged(good, {
    GATEWAY_MAX_TEXT_CHARACTERS: '20',
    WAYMARK_MODEL: 'mails@3',
    WAYMARK_TOKEN: 'secret',
  });
  expect(received[0]).toMatchObject({ url: '/predict', headers: { authorization: 'Bearer secret' } });
  expect(JSON.parse(received[0]!.body)).toEqual({ text: 'Congratulations\nYou ', model: 'mails@3' });
});

test('the log says what was judged, and nothing of what was in it', async () => {
  const { gateway } = await judged(good);
  const lines = gateway.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.find(({ msg }) => msg === 'message classified')).toMatchObject({
    'mail_gateway.verdict': 'spam',
    'classifier.prediction.id': 'x',
  });
  expect(gateway.lines.join()).not.toMatch(/Congratulations|prize|example\.org/);
});
