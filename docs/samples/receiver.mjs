// A whole receiver of IRISX Webhooks: checks signatures, answers the challenge, prints events. Needs verify.mjs.
//   IRISX_WEBHOOK_SECRET=whsec_... PORT=3001 node receiver.mjs
// It speaks plain HTTP: put it behind a server that does TLS.
import { createServer } from 'node:http';
import { verifyWebhook } from './verify.mjs';

const MAX_BYTES = 1_000_000;

async function receive(request, response) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BYTES) return response.destroy();
    chunks.push(chunk);
  }
  const rawBody = Buffer.concat(chunks);

  // First of all, even for a challenge: a stranger's webhook is signed with another secret.
  if (!verifyWebhook(rawBody, request.headers, process.env.IRISX_WEBHOOK_SECRET)) return response.writeHead(401).end();

  const { event, event_id, data } = JSON.parse(rawBody);
  if (event === 'webhook.verification') {
    // This says: yes, I want what is sent to this url.
    response.writeHead(200, { 'Content-Type': 'application/json' });
    return response.end(JSON.stringify({ challenge: data.challenge }));
  }
  response.writeHead(204).end();
  // Now work on the event, once for each request.headers['webhook-id'].
  console.log(event, event_id, data);
}

const server = createServer((request, response) => {
  // A sender that hangs up must not end this process.
  receive(request, response).catch(() => response.destroy());
});
server.listen(process.env.PORT ?? 3001, () => console.log(`listening on port ${server.address().port}`));
