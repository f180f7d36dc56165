// Prints docs/field-cases.md: npx tsx scripts/field-cases-page.ts > docs/field-cases.md
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** What went wrong in the field, in other systems or this one, and what is right. Tests cite these numbers. */
const cases: Record<number, string> = {
  1: "A webhook's name leads to a public address when it is checked and to a private one when it is used: blocked on every attempt; one lookup, all its addresses checked, and the socket opened to one of them.",
  2: 'A receiver redirects to an internal address: no second request; the attempt failed with the 3xx status.',
  3: 'Spellings of a url that mean an internal address (`http://2130706433/`, `http://0x7f.1/`, mapped IPv6): refused, judged by the host as the URL parser gives it.',
  6: 'The delivery log must not tell what is behind a blocked address: the same reason for all, no address and no system error; secrets among response headers masked.',
  8: 'A redirect to a login page that answers 200: failed with the 3xx status and retried; the page sees no request.',
  9: 'Headers at once and a body that never ends: the attempt ends within its timeout, as a timeout, and the socket is closed.',
  11: '`Retry-After` in every shape: only a whole number or an HTTP date counts; never sooner than the schedule, and capped.',
  13: 'A name that is not found, a refused or a broken connection: a failed attempt with its own reason, retried on schedule.',
  14: '410 Gone while other deliveries wait: the webhook is disabled with a reason, and none is left pending.',
  16: 'Empty, HTML, broken JSON, 204, 205 and 304 as answers: any 2xx is success whatever its body, any 3xx a failure.',
  18: 'An answer of 50 MB, or without end: 64 KB are read and marked as truncated; the attempt is recorded once.',
  20: 'One slow tenant, and a burst over the rate limit: other tenants stay fast; what is over the limit waits and uses up no attempt.',
  22: 'Certificates that are self-signed, expired, for another name or incomplete, old TLS, HTTP/2 only: a reason for each, retried, nothing sent, and no switch that trusts everything.',
  24: 'A signature header of odd length or letters: answered as invalid, never by an exception.',
  25: 'A body that is serialised again before it is verified: our samples verify the bytes as they came.',
  26: 'Retries: the same event id and the same bytes, with the time and signature of each attempt.',
  27: 'Text that is not ASCII in bodies, paths and headers: `Content-Length` counts bytes, and the signature covers them.',
  31: 'Malformed ids and bodies: 400, 404 or 413 as JSON, never 500 and never a word of SQL.',
  32: 'Paging over rows of the same moment: each exactly once.',
  34: "Reading or retrying another tenant's delivery: 404, as for one that does not exist.",
  35: 'Counters: one documented type a field, 0 instead of nothing, equal to the log.',
  38: "Twilio's signature behind a proxy that ends TLS, and with repeated parameters: checked against the public base url; forwarded hosts are not believed.",
  40: 'Status callbacks out of order: a message only moves forward; an error code is kept.',
  41: 'The same callback ten times at once, and a day later: one event.',
  43: 'Senders that are short codes, names or empty, and STOP: one event each, the sender as it was shown.',
  45: "Segments of an SMS: counted as Twilio's calculator does.",
  48: "A switch's event split between any two bytes, with multi-byte text: read whole.",
  50: 'A switch that refuses connections: reconnects with growing, spread pauses.',
  52: 'Both legs of a call, and repeated events: one call and one event of each kind.',
  53: 'Calls that were never answered, odd hang-up causes, unknown calls: the right status, no crash.',
  55: 'A recording that stopped with nothing in it: no event.',
  56: 'Keypresses: one event each, also for the same digit twice.',
  57: 'NUL characters in text or JSON: refused or shown as U+FFFD; Postgres never sees one.',
  59: 'Bytes of a response that are not valid in its charset: stored as text with U+FFFD.',
  61: 'A process that dies between two writes: an accepted event is delivered after the restart, and a caller with an error has no event.',
  63: 'Postgres restarts under live processes: they stay up, calls get 503, an attempt under way is recorded later.',
  65: 'Usage checked again and again: one warning and one limit event for each resource, month and limit.',
  66: 'A request that is longer than its activity, a cancellation, a stop: never two open requests of one delivery.',
  67: 'A worker killed after sending and before recording: nothing lost, at most one request more, under the same id.',
  68: 'A receiver that always fails: six requests at 0, 1, 3, 7, 15 and 31 s, then none.',
  69: 'Payloads and answers of megabytes: refused at the API or cut; histories hold ids only.',
  75: 'Interim responses and chunk extensions without end: 1 MB or 100 interim responses are read, then the attempt is `invalid_response`; other tenants do not feel it.',
  76: 'Temporal comes back empty: search attributes and Schedules are made again, and what is pending is delivered, without a restart.',
  78: "A worker's polls are refused for a minute: the API stays, the worker is made anew, and everything accepted is delivered.",
  80: 'Postgres takes no writes for a while: 503 with `Retry-After`; sessions that are read-only are closed.',
  81: 'A pooler in transaction mode: named statements give way to unnamed ones.',
  82: "A worker's clock differs from that of Postgres: schedule, limits and retries by hand are as with equal clocks.",
  84: 'A call under a uuid that was used before: a call of its own, with its own tenant, keys and recordings.',
  85: 'A call that survives its switch: one end at the true time, all minutes counted.',
  86: 'A balancer keeps connections for 60 s or longer: ours are kept longer still, and closed by a stop.',
  88: 'Odd public urls for Twilio (ports, paths, credentials): each is accepted where Twilio may sign so; credentials are refused.',
  90: 'Pausing, resuming or deleting a webhook with hundreds of thousands of deliveries: answered at once; deliveries follow in batches.',
  91: 'Started with another encryption key: refused, with the reason; nothing is lost.',
  92: "Hundreds of messages at once: another tenant's message does not wait for them.",
  93: 'Times whose year in UTC has five digits: 400.',
  94: 'Two facts about whose call it is, in two events: the same rule whatever their order and timing.',
  95: "A listener that joins in the middle of a bridged call: the caller's leg, never another tenant's.",
  96: 'A switch that is reached by another name: the same switch, by its Core-UUID.',
  97: "A sub-account's signature: counts for the messages of that account alone.",
  98: 'Repeats and overtaking at the messages API: a repeat is the first message; callbacks may come before the answer.',
  99: "The end of a call behind the switch's disconnect notice: handled with its own time.",
  100: 'An event whose handling throws: set aside and logged once; the call goes on.',
  101: 'A name that is cut within an emoji: cut between characters, alike in all events.',
};

const citation = /field cases? (\d+(?:(?:, | and )\d+)*)/gi;

/**
 * The page; the same tests always give the same text. Throws when a test cites a number that is not described above.
 */
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

Faults that other systems had in the field, or that were found in this one from outside. Tests cite them by number
(“field case 11”). Numbers without a test are left out.

| case | what happens, and what is right | tests that cite it |
| --- | --- | --- |
${rows.join('\n')}
`;
}

/** Number to the test files that cite it, in alphabetical order. */
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
