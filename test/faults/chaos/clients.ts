import { setTimeout as delay } from 'node:timers/promises';
import { createTransport } from 'nodemailer';
import { PACE } from './pace.ts';
import { createRandom, type Random } from './plan.ts';
import type { World } from './world.ts';

const WORDS = ['meeting', 'patch', 'free', 'money', 'winner', 'kernel', 'report', 'prize', 'lunch', 'click'];
const PAUSE_MS = 15;
const ROLE_PAUSE_MS = 700;
const MAIL_PAUSE_MS = 60;
const MAIL_TIMEOUT_MS = 20_000 * PACE;

/** The clients that use the system during a run. */
export interface Clients {
  /** Ends the clients, and resolves when each has its last answer. */
  stop(): Promise<void>;
}

/** Starts the clients of a run: predictions and feedback, changes of roles, and mails. */
export function startClients(world: World): Clients {
  const random = createRandom(world.options.seed + 1);
  let isRunning = true;
  const repeat = async (work: (random: Random) => Promise<void>, pauseMs: number) => {
    const own = createRandom(random.whole(1, 2 ** 31));
    while (isRunning) {
      await work(own);
      await delay(pauseMs);
    }
  };
  const clients = [
    ...Array.from({ length: 4 }, () => repeat((own) => predict(world, own), PAUSE_MS)),
    repeat((own) => changeRoles(world, own), ROLE_PAUSE_MS),
    repeat((own) => read(world, own), ROLE_PAUSE_MS),
    ...(world.gateway ? Array.from({ length: 3 }, () => repeat((own) => sendMail(world, own), MAIL_PAUSE_MS)) : []),
  ];
  return {
    async stop() {
      isRunning = false;
      await Promise.all(clients);
    },
  };
}

/** Returns a text that small models can classify. */
export function someText(random: Random): string {
  return `the ${random.pick(WORDS)} about ${random.pick(WORDS)} and ${random.pick(WORDS)} number ${random.whole(0, 9)}`;
}

/** Requests predictions, and sends feedback for some of them. */
async function predict(world: World, random: Random): Promise<void> {
  const { requests, service, ledger } = world;
  const isAlone = random.next() < 0.3;
  const kind = random.next();
  if (kind < 0.1) {
    const texts = [someText(random), someText(random), someText(random)];
    await requests.send('POST', `${service.url}/predict/batch`, { texts }, { predictions: 3, isAlone });
    return;
  }
  const path = kind < 0.15 ? '/predict?explain=true' : '/predict';
  const outcome = await requests.send(
    'POST',
    service.url + path,
    { text: someText(random) },
    { predictions: 1, isAlone },
  );
  if (outcome.kind === 'lost') return;
  const { status, body } = outcome;
  if (status !== 200 && status !== 503) {
    ledger.violate('a valid text is classified', `POST ${path}: ${status} ${JSON.stringify(body)}`);
  }
  if (status !== 200 || random.next() > 0.25) return;
  const [id, label] = [String(body['id']), random.pick(['ham', 'spam'])];
  // Some feedback is sent again after an error, and counts once.
  for (let attempts = 0; attempts < 2; attempts++) {
    const recorded = await requests.send('POST', `${service.url}/feedback`, { id, label }, { isAlone });
    if (recorded.kind === 'answer' && recorded.status === 200) {
      ledger.feedback.set(id, label);
      return;
    }
  }
}

let changes = 0;
/** True if the outcome of the last change is unknown, because its connection was lost. */
let isOutcomeUnknown = false;

/** Changes the roles of the model, each time with another reason, so that the audit trail shows which changes it has. */
async function changeRoles(world: World, random: Random): Promise<void> {
  const { requests, service, ledger } = world;
  const shown = await requests.send('GET', `${service.url}/models/spam`);
  if (shown.kind === 'lost' || shown.status !== 200) return;
  const version = random.pick(['1', '2', '3'].filter((one) => one !== shown.body['active']));
  changes += 1;
  const reason = `chaos-${changes}-`;
  const changed = await requests.send('POST', `${service.url}/models/spam/activate`, { version, reason });
  const wasUnknown = isOutcomeUnknown;
  isOutcomeUnknown = changed.kind === 'lost';
  if (changed.kind === 'lost') return;
  // The lost change may have activated the same version meanwhile. The next one then changes nothing, and has no row.
  if (changed.status !== 200) ledger.unchanged.add(reason);
  else if (!wasUnknown) ledger.changed.add(reason);
  if (changed.status === 200 && changed.body['active'] !== version) {
    ledger.violate(
      'an acknowledged change is in effect',
      `${version} was activated, ${changed.body['active']} is active`,
    );
  }
}

/** Reads reports. */
async function read({ requests, service }: World, random: Random): Promise<void> {
  const path = random.pick(['/quality?model=spam', '/drift?model=spam', '/models', '/models/spam/changes', '/readyz']);
  await requests.send('GET', service.url + path);
}

/** Sends a mail to the gateway by SMTP. */
async function sendMail({ smtpPort, ledger }: World, random: Random): Promise<void> {
  const token = `chaos-mail-${ledger.sentMails.size + 1}-`;
  ledger.sentMails.add(token);
  const from = ledger.now();
  const raw = `From: a@x.test\r\nTo: b@x.test\r\nSubject: ${token}\r\n\r\n${someText(random)}\r\n`;
  const outcome = await deliver(smtpPort, raw);
  ledger.count(`mail ${outcome}`);
  if (outcome === 250) ledger.mails.add(token);
  else if (typeof outcome === 'number') {
    if (outcome >= 500) ledger.violate('a mail is never refused for good', String(outcome));
  } else if (!ledger.allows('refused', from) && !ledger.allows('lost', from)) {
    ledger.violate('every mail is answered', outcome);
  }
  const late = ledger.timeSince(from);
  if (late > MAIL_TIMEOUT_MS) ledger.violate('mails are answered in time', `${Math.round(late)} ms`);
}

/** Delivers a raw message. Returns the code of the reply, or the code of the error of the connection. */
export async function deliver(port: number, raw: string): Promise<number | string> {
  const transport = createTransport({
    host: '127.0.0.1',
    port,
    ignoreTLS: true,
    connectionTimeout: MAIL_TIMEOUT_MS,
    greetingTimeout: MAIL_TIMEOUT_MS,
    socketTimeout: 2 * MAIL_TIMEOUT_MS,
  });
  try {
    await transport.sendMail({ envelope: { from: 'a@x.test', to: ['b@x.test'] }, raw });
    return 250;
  } catch (error) {
    const { responseCode, code, message } = error as { responseCode?: number; code?: string; message: string };
    return responseCode ?? code ?? message;
  } finally {
    transport.close();
  }
}
