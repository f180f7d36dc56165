/** Field case 25: the body, secret and digest as reported. */
export const vector = {
  body:
    '{"event":"sms.received","event_id":"SM0001","timestamp":"2025-10-29T12:00:00Z",' +
    '"data":{"body":"Zażółć 😀 </b> a/b","n":1.0}}',
  secret: 'test-secret-0001',
  timestamp: '1761739200',
  signature: 'sha256=9f407131b72894182d51427317234ea7206f23f46f460719a680b441034597f5',
};

/** Field case 24: what a stranger may send as the signature. Every verifier rejects it, and none throws. */
export const badSignatures: [name: string, signature: unknown][] = [
  ['a missing header', undefined],
  ['null', null],
  ['an empty header', ''],
  ['a prefix alone', 'sha256='],
  ['the right length with a last character of two bytes', vector.signature.slice(0, -1) + 'é'],
  ['44 characters of base64 without padding', Buffer.alloc(33, 7).toString('base64')],
  ['the right digest in upper case', `sha256=${vector.signature.slice(7).toUpperCase()}`],
  ['the whole header in upper case', vector.signature.toUpperCase()],
  ['the header sent twice, joined', `${vector.signature}, ${vector.signature}`],
  ['the header sent twice, as a list', [vector.signature, vector.signature]],
  ['half a surrogate pair', vector.signature.slice(0, -1) + '\ud800'],
  ['a number', 5],
  ['another digest', `sha256=${'0'.repeat(64)}`],
];
