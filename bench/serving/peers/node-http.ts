/** A server that only parses the JSON and answers: the upper limit for servers on Node. The argument is the port. */
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString();
    const characters = body === '' ? 0 : (JSON.parse(body) as { text: string }).text.length;
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ characters }));
  });
});

server.listen(Number(process.argv[2]), '127.0.0.1');
