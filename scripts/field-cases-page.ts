// Prints docs/field-cases.md: npx tsx scripts/field-cases-page.ts > docs/field-cases.md
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** Problems from the field, in other systems or in this one, each with the correct behaviour. Tests cite these numbers. */
const cases: Record<number, string> = {
  1: "A webhook's host name resolves to a public address when it is checked and to a private one when it is used: every attempt is blocked. There is one lookup per attempt, all its addresses are checked, and the socket is opened to one of them.",
  2: 'A receiver redirects to an internal address: no second request is made, and the attempt fails with the 3xx status.',
  3: 'A url spells an internal address in an unusual way (`http://2130706433/`, `http://0x7f.1/`, mapped IPv6): it is refused, judged by the host as the URL parser returns it.',
  6: 'The delivery log could reveal what is behind a blocked address: the reason is the same for all, without an address or a system error. Secrets in response headers are masked.',
  8: 'A receiver redirects to a login page that answers 200: the attempt fails with the 3xx status and is retried, and the page gets no request.',
  9: 'A receiver sends its headers at once and then a body that never ends: the attempt ends within its timeout, as a timeout, and the socket is closed.',
  11: '`Retry-After` comes in many forms: only a whole number or an HTTP date counts. It never makes a retry earlier than the schedule, and it is capped.',
  13: 'A name is not found, or a connection is refused or breaks: the attempt fails with its own reason, and is retried on schedule.',
  14: 'A receiver answers 410 Gone while other deliveries wait: the webhook is disabled with a reason, and no delivery stays pending.',
  16: 'The response is empty, HTML or broken JSON, or its status is 204, 205 or 304: any 2xx is a success whatever its body, and any 3xx is a failure.',
  18: 'A response has 50 MB, or never ends: 64 KB are read and marked as truncated, and the attempt is recorded once.',
  20: 'One tenant has slow receivers, or sends a burst over its rate limit: other tenants are not slowed down. Deliveries over the limit wait, and use up no attempt.',
  22: 'A certificate is self-signed, expired, for another name or incomplete, or the receiver speaks only old TLS or HTTP/2: each has its own reason and is retried, and nothing is sent. No setting accepts every certificate.',
  24: 'A signature header has an odd length or invalid characters: it is refused as invalid, without an exception.',
  25: 'A receiver serialises the body again before it verifies the signature: our samples verify the bytes as received.',
  26: 'A delivery is retried: the event id and the bytes stay the same; the time and the signature are those of the attempt.',
  27: 'Bodies, paths or headers have non-ASCII text: `Content-Length` counts bytes, and the signature covers them.',
  31: 'Ids or bodies are malformed: the response is 400, 404 or 413 as JSON, never 500, and never shows SQL.',
  32: 'Rows with the same timestamp are read page by page: each row appears exactly once.',
  34: "A tenant reads or retries another tenant's delivery: the response is 404, as for a delivery that does not exist.",
  35: 'Counters are shown: each field has one documented type, is 0 if there is nothing to count, and equals the log.',
  38: 'Twilio signs a url behind a proxy that terminates TLS, or with repeated parameters: the signature is checked against the public base url, and forwarded hosts are not trusted.',
  40: 'Status callbacks arrive out of order: the status of a message only moves forward, and an error code is kept.',
  41: 'The same callback arrives ten times at once, and again a day later: there is one event.',
  43: 'Senders are short codes, names or empty, or the recipient has sent STOP: there is one event each, with the sender as shown by the network.',
  45: "The segments of an SMS are counted: the number is the same as that of Twilio's calculator.",
  48: "A switch's event is split between any two bytes, even within a multi-byte character: it is read completely.",
  50: 'A switch refuses connections: the listener reconnects after growing delays with jitter.',
  52: 'Both legs of a call send events, and events are repeated: there is one call, with one event of each kind.',
  53: 'Calls are never answered, have unusual hang-up causes, or are unknown: the status is right, and nothing crashes.',
  55: 'A recording stops without any content: there is no event.',
  56: 'Keys are pressed: there is one event for each press, even if the same key is pressed twice.',
  57: 'Text or JSON has NUL characters: they are refused, kept as an escape or shown as U+FFFD, and never reach Postgres.',
  59: 'Bytes of a response are invalid in its charset: it is stored as text with U+FFFD.',
  61: 'A process dies between two writes: an accepted event is delivered after the restart, and a caller that got an error has no event.',
  63: 'Postgres restarts while processes run: they stay up, calls get 503, and an attempt in progress is recorded later.',
  65: 'Usage is checked again and again: there is one warning and one limit event for each resource, month and limit.',
  66: 'A request takes longer than its activity, or is cancelled, or its process is stopped: a delivery never has two open requests.',
  67: 'A worker is killed after it has sent a request and before it records it: nothing is lost, and there is at most one more request, with the same id.',
  68: 'A receiver always fails: it gets six requests at 0, 1, 3, 7, 15 and 31 s, then none.',
  69: 'Payloads or responses have megabytes: payloads are refused by the API, responses are cut, and histories contain only ids.',
  75: 'A receiver sends endless interim responses or chunk extensions: at most 1 MB or 100 interim responses are read, then the attempt ends as `invalid_response`. Other tenants are not affected.',
  76: 'Temporal comes back empty: search attributes and Schedules are created again, and pending deliveries are sent, without a restart.',
  78: "A worker's polls are refused for a minute: the API stays up, the worker is replaced, and every accepted event is delivered.",
  80: 'Postgres accepts no writes for a while: calls get 503 with `Retry-After`, and read-only sessions are closed.',
  81: 'A pooler runs in transaction mode: unnamed statements replace named ones.',
  82: "A worker's clock differs from that of Postgres: schedule, limits and manual retries work as with equal clocks.",
  84: 'A call has a uuid that was used before: it is a separate call, with its own tenant, keys and recordings.',
  85: 'A call survives its switch: it ends once, at the real time, with all its minutes counted.',
  86: 'A balancer keeps idle connections for 60 s or longer: ours are kept even longer, and a stop closes them.',
  88: 'Public urls for Twilio are unusual (ports, paths, credentials): they are accepted if Twilio may sign them, but credentials are refused.',
  90: 'A webhook with hundreds of thousands of deliveries is paused, resumed or deleted: the call is answered immediately, and the deliveries follow in batches.',
  91: 'A process starts with a wrong encryption key: it refuses to start and gives the reason, and nothing is lost.',
  92: "One tenant sends hundreds of messages at once: another tenant's message does not wait for them.",
  93: 'A time has a year of five digits in UTC: the response is 400.',
  94: 'Two events bring two facts about the tenant of a call: the same rule decides, whatever their order and timing.',
  95: "A listener joins in the middle of a bridged call: the events are those of the caller's leg, never another tenant's.",
  96: 'A switch gets another host name: it is still the same switch, recognised by its Core-UUID.',
  97: "A callback has a sub-account's signature: it counts only for messages of that account.",
  98: 'Calls of the messages API are repeated, or callbacks overtake the response: a repeat gets the first message, and callbacks may come before the response.',
  99: "A call ends after the switch's disconnect notice: the end is handled, with its own time.",
  100: 'Handling of an event throws: the event is set aside and logged once, and the call continues.',
  101: 'A name is cut within an emoji: it is cut between characters, in the same way in all events.',
};

const citation = /field cases? (\d+(?:(?:, | and )\d+)*)/gi;

/** The page. The same tests always give the same text. Throws if a test cites a number that is not described above. */
export function renderFieldCasesPage(): string {
  const tests = citedIn('test');
  const unknown = [...tests.keys()].filter((number) => !(number in cases));
  if (unknown.length > 0)
    throw new Error(`field cases without a description in scripts/field-cases-page.ts: ${unknown.join(', ')}`);
  const rows = Object.entries(cases).flatMap(([number, text]) => {
    const files = tests.get(Number(number));
    return !files
      ? []
      : `| ${number} | ${text} | ${files.map((file) => `[${path.basename(file)}](../${file})`).join(', ')} |`;
  });
  return `# Field cases

<!-- Made by scripts/field-cases-page.ts; change the descriptions there. -->

Problems that occurred in the field in other systems, or that were found in this one. Tests cite them by number (“field
case 11”). Numbers without a test are omitted.

| case | problem: correct behaviour | tests that cite it |
| --- | --- | --- |
${rows.join('\n')}
`;
}

/** The test files that cite each number, in alphabetical order. */
function citedIn(folder: string): Map<number, string[]> {
  const cited = new Map<number, string[]>();
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!file.endsWith('.test.ts')) continue;
    const numbers = [...readFileSync(path.join(folder, file), 'utf8').matchAll(citation)].flatMap(([, list]) =>
      list!.split(/, | and /).map(Number),
    );
    for (const number of new Set(numbers)) cited.set(number, [...(cited.get(number) ?? []), `${folder}/${file}`]);
  }
  return cited;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.stdout.write(renderFieldCasesPage());
