const secretLooking = new RegExp(
  [
    'authori[sz]ation',
    'authenticat',
    'cookie',
    'token',
    'secret',
    'signature',
    'passw',
    'passphrase',
    'credential',
    'session',
    'jwt',
    'api-?_?key',
    // `key` and `auth` only as words of their own: x-functions-key, x-auth, but not x-keyboard or author.
    '(?:^|[-_])(?:key|auth|sig|pwd|pass)(?:[-_]|$)',
  ].join('|'),
  'i',
);

const ourSignatures = /^(?:x-irisx-signature(?:-previous)?|webhook-signature)$/i;
const signatureStart = /^(?:sha256=|v1,)[A-Za-z0-9+/]{8}/;

/**
 * Headers as they may be stored and shown: values of secret-looking names are `[masked]`, `set-cookie` is left out. Of
 * our own signatures the first 8 characters stay, so that a receiver can compare them with what it computed. Names keep
 * their spelling and order. Masks too much rather than too little: `idempotency-key` is masked too. Masking twice
 * changes nothing.
 */
export const maskHeaders = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => !/^set-cookie2?$/i.test(name))
      .map(([name, value]) => [name, secretLooking.test(name) ? mask(name, value) : value]),
  );

function mask(name: string, value: string): string {
  if (!ourSignatures.test(name)) return '[masked]';
  const starts = value.split(' ').map((signature) => signatureStart.exec(signature)?.[0]);
  return starts.every(Boolean) ? starts.map((start) => `${start}…`).join(' ') : '[masked]';
}
