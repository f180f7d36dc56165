/**
 * How Twilio calls back, of itself it would not try again after an error: up to four more times, also after a 5xx; 2 s
 * to connect and 3.5 s to answer, as all tries together have 15 s. Not part of the signature.
 */
const callbackFragment = '#rc=4&rp=ct,rt,5xx&ct=2000&rt=3500';

/** Where Twilio reports on a message. Tenant and message are under the signature, so nobody can change them. */
export function statusCallbackUrl(publicBaseUrl: string, message: { id: string; tenantId: string }): string {
  return `${publicBaseUrl}/twilio/status?tenant=${message.tenantId}&message=${message.id}${callbackFragment}`;
}
