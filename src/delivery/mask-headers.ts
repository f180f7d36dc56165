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

/**
 * Headers as they may be stored and shown: values of secret-looking names are `[masked]`, `set-cookie` is left out.
 * Names keep their spelling and order. Masks too much rather than too little: `idempotency-key` is masked too.
 */
export const maskHeaders = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => !/^set-cookie2?$/i.test(name))
      .map(([name, value]) => [name, secretLooking.test(name) ? '[masked]' : value]),
  );
