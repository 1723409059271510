import cluster from 'node:cluster';
import type { Socket } from 'node:net';
import type { AnswerTo, Notice, Question } from '../recent/queries/questions.ts';
import type { SupervisorLink } from './lifecycle.ts';

/**
 * The metrics of a worker: `ScopeMetrics[]` in the format of `v8.serialize`. A worker sends one snapshot each second. The
 * supervisor deserialises a snapshot only for a scrape, because it never reads most of them.
 */
export interface Snapshot {
  /** Metrics that add up over workers. */
  readonly metrics: Uint8Array;
  /** Metrics of this one process. Only in the response to a scrape, because each collection restarts their windows. */
  readonly processMetrics?: Uint8Array | undefined;
  /** The last values of the counters and histograms that have ended since the previous snapshot. */
  readonly ended?: Uint8Array | undefined;
}

/** A change of a model by one worker, which the other workers apply. */
export type ModelEvent = 'roles-changed' | 'loaded' | 'unloaded';

/** A message from a worker to its supervisor. */
export type ToSupervisor =
  | { readonly kind: 'ready' }
  /** A setting is invalid. `message` is for people; the supervisor writes it once for all workers. */
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'counted'; readonly counts: readonly CountReport[] }
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot; readonly scrape?: number }
  /** This worker has changed the roles of a model, or has loaded or unloaded it. `change` numbers the changes of the worker. */
  | { readonly kind: 'model-changed'; readonly model: string; readonly event: ModelEvent; readonly change: number }
  /** A worker that starts asks for the models that are unloaded. */
  | { readonly kind: 'starting' }
  /** The response to `follow`. */
  | { readonly kind: 'followed-change'; readonly request: number }
  /** A question to the other workers. `question` numbers the questions of the worker. */
  | { readonly kind: 'question'; readonly question: number; readonly content: Question }
  /** The response to `question`; without a result if this worker could not answer. */
  | { readonly kind: 'answer'; readonly question: number; readonly result?: AnswerTo<Question> }
  /** Something for all other workers. */
  | { readonly kind: 'notice'; readonly notice: Notice }
  /** The response to `connection`: this worker has it, and serves it. */
  | { readonly kind: 'accepted'; readonly connection: number }
  /** The response to `probe`, if the connection has not arrived. */
  | { readonly kind: 'not-received'; readonly connection: number }
  /** This worker is about to end, and wants no more connections. */
  | { readonly kind: 'leaving' };

/** A message from the supervisor to a worker. */
export type ToWorker =
  | { readonly kind: 'scrape'; readonly scrape: number }
  /** The response to `counted`. */
  | { readonly kind: 'counts'; readonly counts: readonly TotalCounts[] }
  /** Another worker has changed a model: the worker must apply the change. */
  | { readonly kind: 'follow'; readonly model: string; readonly event: ModelEvent; readonly request: number }
  /** The response to `model-changed`: the other workers have applied the change. */
  | { readonly kind: 'followed'; readonly change: number }
  /** The response to `starting`. */
  | { readonly kind: 'unloaded'; readonly models: readonly string[] }
  /** A question of another worker. `question` numbers the questions of the supervisor. */
  | { readonly kind: 'question'; readonly question: number; readonly content: Question }
  /** The response to `question`, with the answers that arrived in time. */
  | {
      readonly kind: 'answers';
      readonly question: number;
      readonly asked: number;
      readonly answers: readonly unknown[];
    }
  | { readonly kind: 'notice'; readonly notice: Notice }
  /** A connection to serve, together with its socket. `connection` numbers the connections of the service. */
  | { readonly kind: 'connection'; readonly connection: number }
  /** Asks whether a connection has arrived. */
  | { readonly kind: 'probe'; readonly connection: number }
  /** The response to `leaving`: no further connection comes. */
  | { readonly kind: 'detached' };

/** The counts of one worker since its previous report. All workers use the same `name` for the same counts. */
export interface CountReport {
  readonly name: string;
  readonly windowMs: number;
  readonly slices: number;
  readonly counts: Float64Array;
}

/** The counts of all workers over the window. */
export interface TotalCounts {
  readonly name: string;
  readonly counts: Float64Array;
}

/** Sends a message to the supervisor. Resolves once the message is sent, or at once if the supervisor has ended. */
export function sendToSupervisor(message: ToSupervisor): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected || !process.send) resolve();
    else process.send(message, undefined, {}, () => resolve());
  });
}

/** Returns the link of this worker to its supervisor, for `runProcess`. */
export function supervisorLink(): SupervisorLink {
  return {
    reportReady: () => sendToSupervisor({ kind: 'ready' }),
    reportRefused: (message) => sendToSupervisor({ kind: 'refused', message }),
    onGone(listener) {
      // Otherwise node:cluster would end the process at once, and drop the requests in progress.
      cluster.worker!.exitedAfterDisconnect = true;
      process.once('disconnect', listener);
      if (!process.connected) listener();
    },
  };
}

/** Returns the connections that the supervisor hands over to this worker. */
export function supervisorConnections() {
  return {
    start(take: (socket: Socket) => void): void {
      let last = 0;
      process.on('message', (message: ToWorker, socket?: Socket) => {
        if (message.kind === 'connection') {
          last = message.connection;
          // Before the first byte is read: a worker that dies in between must not leave the request to another one.
          void sendToSupervisor({ kind: 'accepted', connection: last });
          if (socket) take(socket);
        } else if (message.kind === 'probe' && message.connection !== last) {
          void sendToSupervisor({ kind: 'not-received', connection: message.connection });
        }
      });
    },
    /** Resolves when the supervisor sends no further connection, or has ended. */
    stop(): Promise<void> {
      return new Promise((resolve) => {
        process.once('disconnect', resolve);
        process.on('message', (message: ToWorker) => {
          if (message.kind === 'detached') resolve();
        });
        if (process.connected) void sendToSupervisor({ kind: 'leaving' });
        else resolve();
      });
    },
  };
}
