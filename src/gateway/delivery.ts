import { randomBytes } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { syncFolder } from '../platform/atomic-write.ts';

/** The sender and the recipients of a message. */
export interface Envelope {
  readonly from: string;
  readonly to: readonly string[];
}

/** The destination of marked messages. */
export interface Delivery {
  /** Delivers a message. Resolves once the message is stored there durably. */
  deliver(envelope: Envelope, message: Buffer): Promise<void>;
  close(): void;
}

/** Creates a delivery to the next mail server. */
export function createSmtpDelivery(url: string): Delivery {
  const { protocol, hostname: host, port, username, password } = new URL(url);
  const transport = createTransport({
    pool: true,
    host,
    secure: protocol === 'smtps:',
    ...(port !== '' && { port: Number(port) }),
    ...(username !== '' && { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
  });
  return {
    async deliver({ from, to }, message) {
      await transport.sendMail({ envelope: { from, to: [...to] }, raw: message });
    },
    close: () => transport.close(),
  };
}

/**
 * Creates a delivery into a Maildir (https://cr.yp.to/proto/maildir.html). Messages appear whole, after they are on the
 * disk.
 */
export async function createMaildirDelivery(folder: string): Promise<Delivery> {
  for (const part of ['tmp', 'new', 'cur']) await mkdir(join(folder, part), { recursive: true });
  return {
    async deliver(_envelope, message) {
      const name = `${Math.floor(Date.now() / 1_000)}.${randomBytes(8).toString('hex')}.${hostname().replaceAll(/[/:]/g, '_')}`;
      const draft = join(folder, 'tmp', name);
      await writeFile(draft, message, { flag: 'wx', flush: true });
      await rename(draft, join(folder, 'new', name));
      await syncFolder(join(folder, 'new'));
    },
    close: () => undefined,
  };
}
