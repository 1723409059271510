import type { Attributes, Span } from '@opentelemetry/api';
import type { RemoteDescription } from '../../artefacts/remote-manifest.ts';
import type { RemoteModel } from '../../artefacts/remote-pack.ts';
import { GEN_AI } from '../../telemetry/gen-ai-names.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import { LABEL } from '../../telemetry/names.ts';
import { createEndpoint, type Endpoint, type EndpointLimits } from './endpoint.ts';
import { AttemptError } from './failures.ts';
import { postJson } from './http-request.ts';
import type { Keys } from './keys.ts';
import { createOip } from './oip.ts';
import { createOpenai } from './openai.ts';
import type { RemoteAnswer, RemoteProtocolAdapter } from './protocol.ts';

/** A model behind an endpoint, as one version uses it. */
export interface RemoteUse {
  /**
   * Asks the endpoint for a text.
   *
   * @throws {Problem} 502, 503 or 504, without an answer in time
   */
  ask(text: string, signal?: AbortSignal): Promise<RemoteAnswer>;
}

/** The endpoints of a process. Versions with the same origin share its limits and its circuit breaker. */
export interface Remotes {
  /**
   * Opens the endpoint of a version. No request is sent.
   *
   * @throws {Error} with one line if the endpoint is not allowed
   */
  open(version: RemoteVersion, model: Pick<RemoteModel, 'labels' | 'remote'>): RemoteUse;
  /** Stops following the keys. */
  close(): void;
}

/** The name of a version. */
export interface RemoteVersion {
  readonly name: string;
  readonly version: string;
}

/** Options of `createRemotes`. */
export interface RemotesOptions {
  /** The origins of `REMOTE_ENDPOINTS`, or `any`. */
  readonly allowed: readonly string[] | 'any';
  readonly keys: Keys;
  readonly limits: EndpointLimits;
  readonly instruments?: RemoteInstruments | undefined;
}

/** The instruments of requests to endpoints. */
export type RemoteInstruments = Pick<Instruments, 'remoteRequests' | 'remoteDuration' | 'remoteTokens' | 'remoteCost'>;

/** Creates the endpoints of a process. */
export function createRemotes({ allowed, keys, limits, instruments }: RemotesOptions): Remotes {
  const endpoints = new Map<string, Endpoint>();

  function endpointOf(origin: string): Endpoint {
    const known = endpoints.get(origin);
    if (known !== undefined) return known;
    const created = createEndpoint(limits);
    endpoints.set(origin, created);
    return created;
  }

  return {
    open(version, { labels, remote }) {
      const adapter = createAdapter(remote, labels);
      const { origin } = adapter.url;
      if (allowed !== 'any' && !allowed.includes(origin)) {
        throw new Error(`its endpoint ${origin} may not get texts: REMOTE_ENDPOINTS does not have it`);
      }
      const endpoint = endpointOf(origin);
      const { url, spanName, attributes } = adapter;
      const record = instruments && createRecorder(instruments, version, remote, attributes);
      return {
        async ask(text, client) {
          const body = adapter.bodyOf(text);
          const send = async (signal: AbortSignal, attempt: number) => {
            const started = performance.now();
            let outcome = 'stopped';
            try {
              const request = { url, body, key: keys.keyOf(origin), signal, attempt, spanName, attributes };
              const answer = await postJson({ ...request, read: (json, span) => readAnswer(adapter, json, span) });
              outcome = 'answered';
              record?.answer(answer);
              return answer;
            } catch (error) {
              if (error instanceof AttemptError) outcome = error.kind;
              throw error;
            } finally {
              record?.request(outcome, (performance.now() - started) / 1_000);
            }
          };
          return endpoint.call({ text, queue: version.name, signal: client, send });
        },
      };
    },
    close: () => keys.close(),
  };
}

/** Creates the adapter of a protocol. */
function createAdapter(remote: RemoteDescription, labels: readonly string[]): RemoteProtocolAdapter {
  return remote.protocol === 'oip' ? createOip(remote, labels) : createOpenai(remote, labels);
}

function readAnswer(adapter: RemoteProtocolAdapter, json: unknown, span: Span): RemoteAnswer {
  const answer = adapter.read(json);
  const { usage } = answer;
  if (usage) span.setAttributes({ [GEN_AI.inputTokens]: usage.input, [GEN_AI.outputTokens]: usage.output });
  return answer;
}

/** Creates the functions that record requests of a version, with attributes that are created once. */
function createRecorder(
  { remoteRequests, remoteDuration, remoteTokens, remoteCost }: RemoteInstruments,
  { name, version }: RemoteVersion,
  remote: RemoteDescription,
  attributes: Attributes,
) {
  const own = Object.freeze({ [LABEL.model]: name, [LABEL.version]: version });
  const tokens = { ...own, ...attributes };
  const [input, output] = ['input', 'output'].map((type) => Object.freeze({ ...tokens, [GEN_AI.tokenType]: type }));
  const prices = remote.protocol === 'openai' ? remote.prices : undefined;
  const priced = prices && Object.freeze({ ...own, [LABEL.currency]: prices.currency });
  return {
    request(outcome: string, seconds: number): void {
      remoteRequests.add(1, { ...own, [LABEL.outcome]: outcome });
      remoteDuration.record(seconds, own);
    },
    answer({ usage, cost }: RemoteAnswer): void {
      if (!usage) return;
      remoteTokens.record(usage.input, input);
      remoteTokens.record(usage.output, output);
      if (cost !== undefined) remoteCost.add(cost, priced);
    },
  };
}
