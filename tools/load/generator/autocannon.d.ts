// autocannon publishes no types, and @types/autocannon does not describe its client.
declare module 'autocannon/lib/httpClient.js' {
  import type { EventEmitter } from 'node:events';
  import type { Socket } from 'node:net';

  export interface ClientOptions {
    protocol: string;
    hostname: string;
    port: number;
    /** In seconds. */
    timeout: number;
    requests: { onResponse(status: number, body: string): void }[];
    setupClient(client: Client): void;
  }

  export default class Client extends EventEmitter {
    constructor(options: ClientOptions);
    readonly destroyed: boolean;
    readonly conn: Socket | undefined;
    readonly parser: { type: string; execute(bytes: Buffer): unknown; reinitialize(type: string): void };
    getRequestBuffer: () => Buffer;
    destroy(): void;
    _connect: () => void;
    _doRequest: () => void;
    _destroyConnection(): void;
  }
}
