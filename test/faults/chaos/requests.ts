import { Agent, type IncomingMessage, request } from 'node:http';
import type { Ledger } from './ledger.ts';
import { PACE } from './pace.ts';

/** The outcome of a request: an answer, or a connection that was lost. */
export type Outcome =
  | { readonly kind: 'answer'; readonly status: number; readonly body: Record<string, unknown> }
  | { readonly kind: 'lost'; readonly code: string };

/** The longest time in milliseconds for an answer: the longest wait for a lock is ten seconds. */
const DEADLINE_MS = 12_000 * PACE;
/** The time in milliseconds after which a request is given up. */
const GIVE_UP_MS = 40_000 * PACE;

/** Sends requests, and checks that each is answered or refused with a problem within its deadline. */
export interface Requests {
  send(method: string, url: string, body?: unknown, settings?: SendSettings): Promise<Outcome>;
  /** The number of requests in progress. */
  readonly inProgress: number;
  close(): void;
}

/** Settings of one request. */
export interface SendSettings {
  readonly type?: string;
  /** The number of predictions that the service makes for this request. */
  readonly predictions?: number;
  /** Uses a connection of its own. */
  readonly isAlone?: boolean;
  /** Refusals are in the form of the Open Inference Protocol. */
  readonly isRaw?: boolean;
  /** The service may close the connection before the body is sent. */
  readonly mayBeCut?: boolean;
}

/** Creates the client of a run. */
export function createRequests(ledger: Ledger): Requests {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const inProgress = new Set<symbol>();

  async function send(method: string, url: string, body: unknown, settings: SendSettings = {}): Promise<Outcome> {
    const id = Symbol('request');
    inProgress.add(id);
    const from = ledger.now();
    const outcome = await exchange(method, url, body, settings).finally(() => inProgress.delete(id));
    const name = `${method} ${new URL(url).pathname.replace(/^\/feedback\/.*/, '/feedback/…')}`;
    const predictions = settings.predictions ?? 0;
    if (predictions > 0 && (outcome.kind === 'lost' || outcome.status === 200)) {
      ledger.addPredictions(predictions, outcome.kind === 'answer');
    }
    ledger.count(`${name} ${outcome.kind === 'lost' ? outcome.code : outcome.status}`);
    check(name, outcome, from, settings);
    return outcome;
  }

  function check(
    name: string,
    outcome: Outcome,
    from: number,
    { isRaw = false, mayBeCut = false }: SendSettings,
  ): void {
    const late = ledger.timeSince(from);
    if (late > DEADLINE_MS) ledger.violate('answers come in time', `${name} took ${Math.round(late)} ms`);
    if (outcome.kind === 'lost') {
      const effect = outcome.code === 'ECONNREFUSED' ? 'refused' : 'lost';
      const isAllowed = ledger.allows(effect, from) || (effect === 'lost' && ledger.allows('refused', from));
      if (!isAllowed && !mayBeCut) ledger.violate('every request is answered', `${name}: ${outcome.code}`);
      return;
    }
    const { status, body } = outcome;
    if (status < 400) return;
    const isProblem = typeof body['type'] === 'string' && typeof body['title'] === 'string';
    if (!isProblem && !isRaw) ledger.violate('refusals are problems', `${name}: ${status} ${JSON.stringify(body)}`);
    if (status === 500) ledger.violate('no request fails within', `${name}: ${JSON.stringify(body)}`);
  }

  function exchange(method: string, url: string, body: unknown, settings: SendSettings): Promise<Outcome> {
    const { type = 'application/json', isAlone = false } = settings;
    return new Promise((resolve) => {
      const headers = body === undefined ? {} : { 'content-type': type };
      const sent = request(url, { method, agent: isAlone ? false : agent, headers });
      const lost = (error: NodeJS.ErrnoException) => resolve({ kind: 'lost', code: error.code ?? error.message });
      const timer = setTimeout(() => sent.destroy(new Error('no answer')), GIVE_UP_MS);
      sent.on('error', lost);
      sent.on('close', () => clearTimeout(timer));
      sent.on('response', (response: IncomingMessage) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('error', lost);
        response.on('end', () => resolve({ kind: 'answer', status: response.statusCode ?? 0, body: parse(text) }));
      });
      sent.end(encode(body));
    });
  }

  return {
    send,
    get inProgress() {
      return inProgress.size;
    },
    close: () => agent.destroy(),
  };
}

function encode(body: unknown): string | Uint8Array | undefined {
  return typeof body === 'string' || body instanceof Uint8Array || body === undefined ? body : JSON.stringify(body);
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : { value };
  } catch {
    return { text: text.slice(0, 200) };
  }
}
