import SMTPConnection from 'nodemailer/lib/smtp-connection';

/** The address of the next mail server. */
export interface NextServer {
  readonly host: string;
  readonly port: number | undefined;
  readonly secure: boolean;
  readonly user: string | undefined;
  readonly password: string | undefined;
}

/** The parameters of a sender in `MAIL FROM`. */
export interface SenderOptions {
  readonly smtpUtf8: boolean;
  readonly eightBit: boolean;
}

/** A refusal by the next mail server, or the loss of the connection to it. */
export class RefusedError extends Error {
  override name = 'RefusedError';
  /** The reply code of the next server, or 451 if there was no reply. */
  readonly code: number;

  constructor(code: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** Returns whether another attempt cannot succeed. */
  get isPermanent(): boolean {
    return this.code >= 500;
  }
}

/** A connection to the next mail server. Its calls follow the commands of SMTP, one after the other. */
export interface NextConnection {
  readonly supportsUtf8: boolean;
  /** @throws {RefusedError} as all calls do */
  mailFrom(address: string, options: SenderOptions): Promise<void>;
  rcptTo(address: string): Promise<void>;
  data(message: Buffer): Promise<void>;
  reset(): Promise<void>;
  close(): void;
}

/**
 * The members of nodemailer's connection that its types do not declare. Its `send` takes a whole message, and with it
 * the replies to single recipients come too late for the sender. A test fails if a new release renames them.
 */
interface ConnectionInternals {
  readonly _responseActions: ((reply: string) => void)[];
  readonly _supportedExtensions: readonly string[];
  _sendCommand(command: string): void;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** The longest wait for a reply. RFC 5321 (4.5.3.2) has up to 10 minutes; the sender waits meanwhile. */
const REPLY_TIMEOUT_MS = 120_000;

/**
 * Connects to the next mail server, with encryption if it offers it.
 *
 * @throws {RefusedError} if it cannot be reached or refuses the connection or the password
 */
export async function connectNext({ host, port, secure, user, password }: NextServer): Promise<NextConnection> {
  const connection = new SMTPConnection({
    host,
    secure,
    port,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: REPLY_TIMEOUT_MS,
  });
  const internals = connection as unknown as ConnectionInternals;
  let lost: RefusedError | undefined;
  let rejectWaiting: (error: RefusedError) => void = () => undefined;
  const lose = (error?: Error) => {
    lost ??= new RefusedError(451, 'the connection to the next mail server is lost', { cause: error });
    rejectWaiting(lost);
  };
  connection.on('error', lose);
  connection.on('end', () => lose());

  await new Promise<void>((resolve, reject) => {
    rejectWaiting = reject;
    connection.connect((error) => (error ? lose(error) : resolve()));
  });
  if (user !== undefined) {
    await new Promise<void>((resolve, reject) => {
      rejectWaiting = reject;
      const credentials = { user, pass: password ?? '' };
      connection.login({ user, credentials }, (error) => (error ? lose(error) : resolve()));
    }).catch((error: unknown) => {
      connection.close();
      throw error;
    });
  }

  /** Sends a command, and returns when its reply has the expected first digit. */
  function command(send: () => void, expected: '2' | '3'): Promise<void> {
    if (lost) return Promise.reject(lost);
    return new Promise((resolve, reject) => {
      rejectWaiting = reject;
      internals._responseActions.push((reply) => {
        if (reply.startsWith(expected)) resolve();
        else reject(refusal(reply));
      });
      send();
    });
  }
  const line = (text: string, expected: '2' | '3' = '2') => command(() => internals._sendCommand(text), expected);

  const supports = (extension: string) => internals._supportedExtensions.includes(extension);
  const supportsUtf8 = supports('SMTPUTF8');
  return {
    supportsUtf8,
    async mailFrom(address, { smtpUtf8, eightBit }) {
      if (smtpUtf8 && !supportsUtf8) throw new RefusedError(550, 'The next mail server does not support SMTPUTF8.');
      const body = eightBit && supports('8BITMIME') ? ' BODY=8BITMIME' : '';
      await line(`MAIL FROM:<${address}>${smtpUtf8 ? ' SMTPUTF8' : ''}${body}`);
    },
    rcptTo: (address) => line(`RCPT TO:<${address}>`),
    async data(message) {
      await line('DATA', '3');
      const { _socket: socket } = connection;
      await command(() => {
        if (socket) socket.write(toData(message));
      }, '2');
    },
    reset: () => line('RSET'),
    close() {
      if (lost) return;
      connection.quit();
    },
  };
}

/** Reads a reply. The next server's text is passed on, because it tells the sender the reason. */
function refusal(reply: string): RefusedError {
  const code = Number(/^[45]\d\d/.exec(reply)?.[0] ?? 451);
  const text = reply
    .split(/\r?\n/, 1)[0]!
    .replace(/^\d{3}[ -]?(?:\d\.\d{1,3}\.\d{1,3} )?/, '')
    .replace(/[^\x20-\x7e]/g, '?');
  return new RefusedError(code, text.slice(0, 300) || 'refused by the next mail server');
}

const CR = 0x0d;
const LF = 0x0a;
const DOT = 0x2e;

/**
 * Returns a message as the data of SMTP: lines end with CRLF, a line that begins with a dot has another one, and a line
 * with a dot ends it. A bare CR or LF could end the data for the next server alone, and smuggle another message.
 */
function toData(message: Buffer): Buffer {
  let breaks = 0;
  for (const byte of message) if (byte === CR || byte === LF) breaks += 1;
  const data = Buffer.allocUnsafe(message.length + 2 * breaks + 6);
  let at = 0;
  let atLineStart = true;
  for (let from = 0; from < message.length; from += 1) {
    const byte = message[from]!;
    if (byte === CR || byte === LF) {
      if (byte === CR && message[from + 1] === LF) from += 1;
      data[at++] = CR;
      data[at++] = LF;
      atLineStart = true;
      continue;
    }
    if (atLineStart && byte === DOT) data[at++] = DOT;
    data[at++] = byte;
    atLineStart = false;
  }
  at += data.write(atLineStart ? '.\r\n' : '\r\n.\r\n', at, 'latin1');
  return data.subarray(0, at);
}
