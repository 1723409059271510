import { randomBytes } from 'node:crypto';
import { mkdir, open, rename } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { syncFolder } from '../platform/atomic-write.ts';

/** Who sent a message, and to whom it goes. */
export interface Envelope {
  readonly from: string;
  readonly to: readonly string[];
}

/** Where messages go once they are marked. Resolves when the message is safe there, and not before. */
export interface Delivery {
  deliver(envelope: Envelope, message: Buffer): Promise<void>;
  close(): void;
}

/** Hands messages to the next mail server. */
export function deliverBySmtp(url: string): Delivery {
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

/** Keeps messages in a Maildir, as any mail program can read it: each appears whole, and is on the disk by then. */
export async function deliverToMaildir(folder: string): Promise<Delivery> {
  for (const part of ['tmp', 'new', 'cur']) await mkdir(join(folder, part), { recursive: true });
  return {
    async deliver(_envelope, message) {
      const name = `${Math.floor(Date.now() / 1_000)}.${randomBytes(8).toString('hex')}.${hostname().replaceAll(/[/:]/g, '_')}`;
      const draft = join(folder, 'tmp', name);
      const file = await open(draft, 'wx');
      try {
        await file.writeFile(message);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, join(folder, 'new', name));
      await syncFolder(join(folder, 'new'));
    },
    close: () => undefined,
  };
}
