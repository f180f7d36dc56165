/** How a receiver checks `X-IRISX-Signature`. Both take the raw bytes, and never throw for what a stranger sends. */
export const nodeSnippet = `import { createHmac, timingSafeEqual } from 'node:crypto';

// rawBody: the bytes as they arrived, e.g. from express.raw({ type: 'application/json', limit: '1mb' })
export function isGenuine(rawBody, headers, secret) {
  const timestamp = headers['x-irisx-timestamp'];
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) <= 300)) return false; // over 5 minutes off

  const digest = createHmac('sha256', secret).update(timestamp + '.').update(rawBody).digest('hex');
  const expected = Buffer.from('sha256=' + digest);
  // For a while after a rotation there are two.
  return ['x-irisx-signature', 'x-irisx-signature-previous'].some((name) => {
    const received = Buffer.from(headers[name] ?? '');
    return received.length === expected.length && timingSafeEqual(received, expected);
  });
}
`;

export const pythonSnippet = `import hashlib, hmac, time

# raw_body: the bytes as they arrived: request.get_data() in Flask, request.body in Django
def is_genuine(raw_body, headers, secret):
    timestamp = headers.get("X-IRISX-Timestamp", "")
    if not (timestamp.isdecimal() and len(timestamp) <= 12) or abs(time.time() - int(timestamp)) > 300:
        return False  # over 5 minutes off

    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + raw_body, hashlib.sha256).hexdigest()
    expected = ("sha256=" + digest).encode()
    # For a while after a rotation there are two.
    return any(
        hmac.compare_digest(headers.get(name, "").encode("utf-8", "replace"), expected)
        for name in ("X-IRISX-Signature", "X-IRISX-Signature-Previous")
    )
`;

export const standardSnippet = `import { Webhook } from 'standardwebhooks';

const event = new Webhook(process.env.IRISX_WEBHOOK_SECRET).verify(rawBody, req.headers); // throws when not genuine
`;

export const mistakes: readonly { what: string; why: string }[] = [
  {
    what: 'Signing a body that was parsed and rendered again',
    why: 'JSON.stringify turns 1.0 into 1, Python’s json.dumps adds spaces. Sign the raw bytes.',
  },
  {
    what: 'Decoding the secret',
    why: 'For X-IRISX-Signature the key is the whole text, with whsec_. Only Standard Webhooks decodes what follows it.',
  },
  {
    what: 'Leaving out the timestamp, or sha256=',
    why: 'What is signed begins with the timestamp and a full stop; the header begins with sha256=.',
  },
  {
    what: 'The secret of another webhook, or an old one',
    why: 'Each webhook has its own. After a rotation the old one is in X-IRISX-Signature-Previous for a while.',
  },
  {
    what: 'A clock that is off',
    why: 'Whoever checks the timestamp (and you should) refuses everything when the clock is 5 minutes off.',
  },
];
