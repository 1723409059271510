import { deliver } from '../clients.ts';
import type { Random } from '../plan.ts';
import type { World } from '../world.ts';
import type { Fault } from './fault.ts';

/** Bodies that a service must refuse, or answer, without harm. */
const BODIES: readonly ((random: Random) => readonly [path: string, body: unknown, type?: string])[] = [
  () => ['/predict', '{"text":'],
  () => ['/predict', '{"text":"\\ud800 lone"}'],
  () => ['/predict', { text: 'a'.repeat(200_000) }],
  () => ['/predict', { text: 'ab '.repeat(33_000) }],
  () => ['/predict?explain=true', { text: 'x y '.repeat(20_000) }],
  () => ['/predict', { text: '\u0000\u200b\u202e'.repeat(10_000) }],
  () => ['/predict', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
  () => ['/predict', { text: 1, model: { $gt: '' } }],
  () => ['/predict', { text: 'a', model: '../../etc/passwd' }],
  () => ['/predict', { text: 'a', model: '__proto__' }],
  () => ['/predict', '{"text":"a","__proto__":{"x":1}}'],
  () => ['/predict', 'a'.repeat(2 * 1_024 * 1_024)],
  () => ['/predict', '<text/>', 'application/xml'],
  () => ['/predict/batch', `{"texts":[${'1,'.repeat(400_000)}1]}`],
  () => ['/predict/batch', { texts: Array(5_000).fill('a') }],
  (random) => ['/predict', Buffer.from(Array.from({ length: 1_000 }, () => random.whole(0, 255)))],
  () => ['/feedback', { id: 'a'.repeat(5_000), label: 'spam' }],
  () => ['/feedback', { id: 'p1.AAAA.BBBB', label: '__proto__' }],
  () => ['/models/spam/activate', { version: '../1' }],
  () => ['/models/spam/activate', { version: '77' }],
  () => ['/models/spam/canary', { version: '1', share: 1e308 }],
  () => ['/v2/models/spam/infer', { inputs: [{ name: 'text', shape: [1e9], datatype: 'BYTES', data: ['a'] }] }],
  () => ['/v2/models/spam/infer', { inputs: Array(50_000).fill(1) }],
];

const line = (text: string, times: number) => `${text}\r\n`.repeat(times);

/** Mails that are hard to read. */
const MAILS: readonly (() => string)[] = [
  () => line('a b c', 150_000),
  () => `Content-Type: text/html\r\n\r\n${line('', 300_000)}`,
  () => `Content-Type: multipart/mixed; boundary=b\r\n\r\n${line('--b\r\n\r\nx', 20_000)}--b--\r\n`,
  () => `${line('Content-Type: message/rfc822\r\n', 5_000)}end`,
  () => `${line('X-A: b', 50_000)}\r\nend`,
  () => `Content-Type: text/html\r\n\r\n${'<div>'.repeat(100_000)}`,
];

async function sendBodies({ requests, service }: World, random: Random): Promise<void> {
  for (let i = 0; i < 6; i++) {
    const [path, body, type] = random.pick(BODIES)(random);
    // Some of these texts are classified, and some are not.
    await requests.send('POST', service.url + path, body, {
      ...(type !== undefined && { type }),
      predictions: path.startsWith('/predict') && !path.endsWith('batch') ? 1 : 0,
      isAlone: true,
      isRaw: path.startsWith('/v2/'),
      // A body that is too large is not read to its end.
      mayBeCut: typeof body === 'string' && body.length > 1_024 * 1_024,
    });
  }
}

async function sendMails({ ledger, smtpPort }: World, random: Random): Promise<void> {
  const from = ledger.now();
  const outcome = await deliver(smtpPort, `From: a@x.test\r\n${random.pick(MAILS)()}`);
  ledger.count(`hostile mail ${outcome}`);
  const isAllowed = typeof outcome === 'number' || ledger.allows('refused', from) || ledger.allows('lost', from);
  if (!isAllowed) ledger.violate('a hostile mail is answered', outcome);
}

/** The faults of inputs. */
export const INPUT_FAULTS: readonly Fault[] = [
  { name: 'poison inputs', group: 'inputs', run: sendBodies },
  {
    name: 'hostile mails',
    group: 'inputs',
    isPossible: ({ gateway }) => gateway !== undefined,
    run: sendMails,
  },
];
