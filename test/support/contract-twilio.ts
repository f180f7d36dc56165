import path from 'node:path';
import * as OpenApiValidator from 'express-openapi-validator';
import { startFakeTwilio, type FakeTwilio } from '../../src/dev/demo/fake-twilio.js';

export const accountSid = 'AC0123456789abcdef0123456789abcdef';
export const authToken = 'test-token-0001';

/** Formats that a validator does not know, and `uri`, which Twilio's own list pages violate. */
const formats = Object.fromEntries(
  ['phone-number', 'date-time-rfc-2822', 'currency', 'uri-map', 'phone-number-capabilities', 'http-method', 'uri'].map(
    (name) => [name, { type: 'string' as const, validate: () => true }],
  ),
);

/** The fake, with every request and response checked against Twilio's own contract (test/fixtures/twilio). */
export function startContractTwilio(): Promise<FakeTwilio> {
  const middleware = OpenApiValidator.middleware({
    apiSpec: path.resolve('test/fixtures/twilio/messages.openapi.json'),
    validateRequests: { coerceTypes: 'array' },
    validateResponses: true,
    validateSecurity: { handlers: { accountSid_authToken: () => true } },
    formats,
  });
  return startFakeTwilio({ accountSid, authToken, middleware });
}
