import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';

/** The fields of both protocols. */
interface ReceivedBody {
  readonly inputs: readonly { readonly data: readonly string[] }[];
  readonly messages: readonly { readonly content: string }[];
}

/** A request as the endpoint received it. A GET has no body. */
export interface ReceivedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: ReceivedBody;
}

/** The way an endpoint handles a request. */
export type Behaviour = (response: ServerResponse, request: ReceivedRequest) => void;

/** An endpoint whose behaviour a test chooses. */
export interface StandIn {
  readonly url: string;
  readonly requests: ReceivedRequest[];
  behave: Behaviour;
  close(): Promise<void>;
}

/** Starts a stand-in that ends after the test. */
export async function startStandIn(behave: Behaviour, port = 0): Promise<StandIn> {
  const standIn = await openStandIn(behave, port);
  onTestFinished(() => standIn.close());
  return standIn;
}

/**
 * Starts a stand-in for a language model or a model server: no language model can be had in a test, and a real server does not
 * fail when a test says so.
 */
export async function openStandIn(behave: Behaviour, port = 0): Promise<StandIn> {
  const requests: ReceivedRequest[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', () => {
      const received = { path: request.url!, headers: request.headers, body: JSON.parse(text || '{}') as ReceivedBody };
      requests.push(received);
      standIn.behave(response, received);
    });
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const standIn: StandIn = {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    behave,
    async close() {
      server.closeAllConnections();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
  return standIn;
}

/** Answers with JSON. */
export const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Behaviour =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

/** A text of the endpoint that must not reach clients. */
export const SECRET = 'the stack trace of the endpoint';

/** The ways to fail. */
export const faults = {
  error500: json({ error: SECRET }, 500),
  busy: json({ error: SECRET }, 429, { 'retry-after': '7' }),
  refusal: json({ error: SECRET }, 400),
  notJson: (response) => response.end(`<html>${SECRET}`),
  otherForm: json({ outputs: SECRET }),
  cutOff: (response) => {
    response.writeHead(200, { 'content-length': '1000' }).write(`{"outputs": "${SECRET}`);
    setImmediate(() => response.destroy());
  },
  redirect: (response) => response.writeHead(307, { location: 'http://127.0.0.1:9/' }).end(),
  endless: (response) => {
    const write = () => {
      // The callback of a closed connection comes before the event of its end.
      if (!response.destroyed) response.write(' '.repeat(65_536), (error) => error ?? setImmediate(write));
    };
    write();
  },
  hang: () => {},
} satisfies Record<string, Behaviour>;

/** Answers as a server of the Open Inference Protocol, with probabilities by a word of the text. */
export const classifySpam: Behaviour = (response, request) => {
  const text = request.body.inputs[0]!.data[0]!;
  const data = text.includes('free') ? [0.1, 0.9] : [0.8, 0.2];
  const output = { name: 'scores', datatype: 'FP32', shape: [1, 2], data };
  json({ model_name: 'remote', outputs: [output] })(response, request);
};

/** Answers as a language model with the tokens of its answer, and usage. It chooses by a word of the text. */
export const chatSpam: Behaviour = (response, request) => {
  const { messages } = request.body;
  const text = messages.at(-1)!.content;
  const label = text.includes('free') ? 'spam' : 'ham';
  json(chatAnswer(label, label === 'spam' ? 0.9 : 0.8))(response, request);
};

/** Returns the answer of a chat completion for `ham` or `spam`. */
export function chatAnswer(label: string, probability: number) {
  const other = label === 'spam' ? 'ham' : 'spam';
  const plain = (token: string) => ({
    token,
    bytes: null,
    logprob: 0,
    top_logprobs: [{ token, bytes: null, logprob: 0 }],
  });
  const own = { token: label, bytes: [...Buffer.from(label)], logprob: Math.log(probability) };
  const rest = { token: other, bytes: [...Buffer.from(other)], logprob: Math.log(1 - probability) };
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    model: SECRET,
    choices: [
      {
        index: 0,
        finish_reason: 'stop',
        message: { role: 'assistant', content: `{"label":"${label}"}`, refusal: null },
        logprobs: {
          content: [plain('{"'), plain('label'), plain('":"'), { ...own, top_logprobs: [own, rest] }, plain('"}')],
        },
      },
    ],
    usage: { prompt_tokens: 200, completion_tokens: 5, total_tokens: 205 },
  };
}
