import { randomBytes } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { changeFolder, makePrivateFolder } from '../platform/atomic-write.ts';
import { connectNext, type NextConnection, type SenderOptions } from './next-server.ts';

/** The delivery of the messages of one SMTP session. */
export interface DeliverySession {
  /** Starts a message. @throws {RefusedError} as all calls do */
  start(from: string, options: SenderOptions): Promise<void>;
  addRecipient(address: string): Promise<void>;
  /** Delivers the message. Resolves once the message is stored there durably. */
  deliver(message: Buffer): Promise<void>;
  close(): void;
}

/** The destination of marked messages. */
export interface Delivery {
  /** Returns whether the destination takes addresses beyond ASCII (RFC 6531), as far as it is known. */
  supportsUtf8(): boolean;
  openSession(): DeliverySession;
}

/**
 * Creates a delivery to the next mail server. Each session has a connection of its own, so that the next server's reply
 * to each recipient reaches the sender: SMTP has one reply for a message, however many recipients it has.
 */
export function createSmtpDelivery(url: string): Delivery {
  const { protocol, hostname: host, port, username, password } = new URL(url);
  const server = {
    host: host.replace(/^\[|\]$/g, ''),
    port: port === '' ? undefined : Number(port),
    secure: protocol === 'smtps:',
    user: username === '' ? undefined : decodeURIComponent(username),
    password: decodeURIComponent(password),
  };
  let supportsUtf8 = false;

  async function connect(): Promise<NextConnection> {
    const connection = await connectNext(server);
    ({ supportsUtf8 } = connection);
    return connection;
  }

  // A failure here is not an error yet: the next server may start later.
  connect().then(
    (connection) => connection.close(),
    () => undefined,
  );

  function openSession(): DeliverySession {
    let connection: NextConnection | undefined;
    let isUsed = false;
    let isClosed = false;

    /** Returns a connection without a message: the one of the session, or a new one if it is lost. */
    async function ready(): Promise<NextConnection> {
      if (connection && isUsed) {
        const reset = await connection.reset().then(
          () => true,
          () => false,
        );
        if (!reset) connection = undefined;
      }
      connection ??= await connect();
      if (isClosed) connection.close();
      return connection;
    }

    return {
      async start(from, options) {
        const current = await ready();
        isUsed = true;
        await current.mailFrom(from, options);
      },
      addRecipient: (address) => connection!.rcptTo(address),
      deliver: (message) => connection!.data(message),
      close() {
        isClosed = true;
        connection?.close();
      },
    };
  }

  return { supportsUtf8: () => supportsUtf8, openSession };
}

/**
 * Creates a delivery into a Maildir (https://cr.yp.to/proto/maildir.html). Messages appear whole, after they are on the
 * disk. Only the user of the gateway can read them.
 */
export async function createMaildirDelivery(folder: string): Promise<Delivery> {
  for (const part of ['tmp', 'new', 'cur']) await makePrivateFolder(join(folder, part));

  async function deliver(message: Buffer): Promise<void> {
    const name = `${Math.floor(Date.now() / 1_000)}.${randomBytes(8).toString('hex')}.${hostname().replaceAll(/[/:]/g, '_')}`;
    const [draft, file] = [join(folder, 'tmp', name), join(folder, 'new', name)];
    try {
      await writeFile(draft, message, { flag: 'wx', flush: true, mode: 0o600 });
      await changeFolder(
        join(folder, 'new'),
        () => rename(draft, file),
        async (error) => {
          // The sender will try again, and the message must not be there twice.
          await rm(file, { force: true });
          throw error;
        },
      );
    } catch (error) {
      await rm(draft, { force: true }).catch(() => {});
      throw error;
    }
  }

  const session: DeliverySession = {
    start: () => Promise.resolve(),
    addRecipient: () => Promise.resolve(),
    deliver,
    close: () => undefined,
  };
  return { supportsUtf8: () => true, openSession: () => session };
}
