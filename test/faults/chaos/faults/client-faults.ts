import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { someText } from '../clients.ts';
import { PACE } from '../pace.ts';
import { REQUEST_TIMEOUT_MS, type World } from '../world.ts';
import { type Fault, pause } from './fault.ts';

/** The time within which a slow client loses its connection: the timeout, and some checks. */
const CUT_MS = 4 * REQUEST_TIMEOUT_MS + 5_000 * PACE;

const portOf = (url: string) => Number(new URL(url).port);

/** Opens connections that write `text` first. Errors are ignored: these clients expect nothing. */
function openSockets(port: number, count: number, text: string): Socket[] {
  return Array.from({ length: count }, () => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    return socket.on('error', () => {});
  });
}

/** Checks that the server closes connections of slow clients. */
async function expectCut({ ledger }: World, kind: string, sockets: readonly Socket[]): Promise<void> {
  const deadline = performance.now() + CUT_MS;
  const open = () => sockets.filter((socket) => !socket.destroyed);
  while (open().length > 0 && performance.now() < deadline) await delay(100);
  if (open().length > 0) ledger.violate('slow clients lose their connection', `${open().length} ${kind} are open`);
  for (const socket of sockets) socket.destroy();
}

const HALF_BODY =
  'POST /predict HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"text":"';
const LARGE_FILE = 'GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nhost: a\r\n\r\n';

/** The faults of clients. */
export const CLIENT_FAULTS: readonly Fault[] = [
  {
    name: 'half-sent bodies',
    group: 'clients',
    async run(world, random) {
      const sockets = openSockets(portOf(world.service.url), random.whole(50, 300), HALF_BODY);
      for (const socket of sockets) socket.resume();
      await expectCut(world, 'half-sent bodies', sockets);
    },
  },
  {
    name: 'slow headers',
    group: 'clients',
    async run(world, random) {
      const sockets = openSockets(portOf(world.service.url), random.whole(20, 100), 'POST /predict HTTP/1.1\r\n');
      for (const socket of sockets) socket.resume();
      const drip = setInterval(() => {
        for (const socket of sockets) if (!socket.destroyed) socket.write('a');
      }, 300);
      await expectCut(world, 'slow headers', sockets);
      clearInterval(drip);
    },
  },
  {
    name: 'unread answers',
    group: 'clients',
    async run(world, random) {
      const sockets = openSockets(portOf(world.service.url), random.whole(5, 30), LARGE_FILE.repeat(3));
      for (const socket of sockets) socket.pause();
      await pause(random, 1_000, 3_000);
      // A client that reads nothing does not notice that its connection is closed.
      for (const socket of sockets) socket.destroy();
    },
  },
  {
    name: 'idle connections',
    group: 'clients',
    async run(world, random) {
      const sockets = openSockets(portOf(world.service.url), random.whole(50, 400), '');
      await pause(random, 1_000, 3_000);
      for (const socket of sockets) socket.destroy();
    },
  },
  {
    name: 'aborted requests',
    group: 'clients',
    async run({ ledger, service }, random) {
      for (let i = random.whole(20, 100); i > 0; i--) {
        ledger.addPredictions(1, false);
        const headers = { 'content-type': 'application/json' };
        const sent = request(`${service.url}/predict`, { method: 'POST', agent: false, headers }).on('error', () => {});
        sent.end(JSON.stringify({ text: someText(random) }));
        setTimeout(() => sent.destroy(), random.whole(0, 20));
        await delay(random.whole(0, 10));
      }
    },
  },
  {
    name: 'a flood of requests',
    group: 'clients',
    async run({ requests, service }, random) {
      const texts = Array.from({ length: 50 }, () => someText(random));
      const flood = Array.from({ length: random.whole(50, 300) }, () =>
        requests.send('POST', `${service.url}/predict/batch`, { texts }, { predictions: 50, isAlone: true }),
      );
      await Promise.all(flood);
    },
  },
  {
    name: 'idle and half-sent mails',
    group: 'clients',
    isPossible: ({ gateway }) => gateway !== undefined,
    async run(world, random) {
      const idle = openSockets(world.smtpPort, random.whole(20, 100), '');
      const half = 'EHLO a\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<b@x.test>\r\nDATA\r\nSubject: half\r\n';
      const sending = openSockets(world.smtpPort, random.whole(5, 30), half);
      for (const socket of [...idle, ...sending]) socket.resume();
      await expectCut(world, 'SMTP connections', [...idle, ...sending]);
    },
  },
];
