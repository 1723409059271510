import { describe, expect, onTestFinished, test, vi } from 'vitest';
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

async function classifySpam(step: Parameters<typeof scriptedServer>[0], settings: Record<string, string> = {}) {
  const { url, received } = await scriptedServer(step);
  const gateway = await startTestGateway({ WAYMARK_URL: url, GATEWAY_DEADLINE_MS: '300', ...settings });
  const started = performance.now();
  const response = await postMail(gateway.url, spamMail, { accept: 'application/json' });
  return { response, ms: performance.now() - started, received, gateway };
}

describe('a message passes unchecked within the deadline if the service', () => {
  test.each([
    ['does not respond', neverRespond, 'deadline'],
    ['breaks every connection', resetConnection, 'deadline|connection'],
    ['rejects the message', respondWithProblem('text-too-long', 422), 'refused'],
    ['is busy beyond the deadline', respondWithProblem('overloaded', 503, { 'retry-after': '60' }), 'refused'],
    ['is another server', respondWith('hello'), 'refused'],
  ])('%s', async (_, step, reason) => {
    // The pauses between attempts are random. By chance they are so short that the circuit opens before the deadline.
    const random = vi.spyOn(Math, 'random').mockReturnValue(0.5);
    onTestFinished(() => random.mockRestore());
    const { response, ms } = await classifySpam(step);
    expect(response.status).toBe(200);
    expect(response.headers.get('x-spam-status')).toMatch(new RegExp(`^No, unchecked=(${reason})$`));
    expect(response.headers.get('x-spam-checked')).toBe('No');
    expect(await response.json()).toMatchObject({ checked: false, spam: false, reason: expect.stringMatching(reason) });
    expect(ms).toBeLessThan(5_000);
  });

  test('is unreachable for long; then messages do not wait for it', async () => {
    const { gateway, received } = await classifySpam(resetConnection);
    const reason = async () => {
      const response = await postMail(gateway.url, spamMail, { accept: 'application/json' });
      return ((await response.json()) as { reason: string }).reason;
    };
    await vi.waitFor(async () => expect(await reason()).toBe('circuit_open'), { timeout: 5_000 });
    const count = received.length;
    expect(await reason()).toBe('circuit_open');
    expect(received.length).toBe(count);
  });
});

test('a service that restarts within the deadline delays a message, and the message gets its verdict', async () => {
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

test('a message on which the service abstains passes, and its verdict says so', async () => {
  const abstained = respondWith({
    id: 'x',
    prediction: 'spam',
    confidence: 0.6,
    scores: { ham: 0.4, spam: 0.6 },
    model: { name: 'spam', version: '1' },
    abstained: true,
    traceId: 'a'.repeat(32),
  });
  const { response } = await classifySpam(abstained);
  expect(response.headers.get('x-spam-flag')).toBe('NO');
  expect(response.headers.get('x-spam-status')).toBe('No, score=0.6000 model=spam@1 abstained=yes');
  expect(await response.json()).toMatchObject({ checked: true, spam: false, label: 'spam', abstained: true });
});

test('the request has subject and body up to the limit, the configured model and the token', async () => {
  const { received } = await classifySpam(good, {
    GATEWAY_MAX_TEXT_CHARACTERS: '20',
    WAYMARK_MODEL: 'mails@3',
    WAYMARK_TOKEN: 'secret',
  });
  expect(received[0]).toMatchObject({ url: '/predict', headers: { authorization: 'Bearer secret' } });
  expect(JSON.parse(received[0]!.body)).toEqual({ text: 'Congratulations\nYou ', model: 'mails@3' });
});

test('the log has the verdict and no content of the message', async () => {
  const { gateway } = await classifySpam(good);
  const lines = gateway.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.find(({ msg }) => msg === 'message classified')).toMatchObject({
    'mail_gateway.verdict': 'spam',
    'classifier.prediction.id': 'x',
  });
  expect(gateway.lines.join()).not.toMatch(/Congratulations|prize|example\.org/);
});
