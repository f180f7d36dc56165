import ipaddr from 'ipaddr.js';
import type { z } from 'zod';
import { keyringProblem, type EncryptionKey } from '../encryption/seal.js';

/** Values of environment variables that hold more than one thing. What is wrong with them becomes an issue of zod's. */

export const accountSidForm = /^AC[0-9a-fA-F]{32}$/;

const keyForm = /^[A-Za-z0-9+/_-]{43}=?$/;

/** 32 bytes in base64, with or without the padding; undefined for anything else. */
export const parseEncryptionKey = (text: string): Buffer | undefined =>
  keyForm.test(text) ? Buffer.from(text, 'base64') : undefined;

/** `id:base64key`, separated by commas. Names entries by their number: an id that is out of place may be a key. */
export function parseEncryptionKeys(list: string, context: z.RefinementCtx): EncryptionKey[] {
  const entries = list.split(',').map((entry) => entry.trim());
  const keys = entries.flatMap((entry, index) => {
    const [, id, text = ''] = /^([\w-]{1,32}):(.*)$/.exec(entry) ?? [];
    const key = parseEncryptionKey(text);
    if (id && key) return [{ id, key }];
    const what = id
      ? 'must be 32 bytes in base64 (44 characters) after its id'
      : 'is no id:key with an id of 1 to 32 letters, digits, - and _';
    context.addIssue(`number ${index + 1} ${what}`);
    return [];
  });
  const problem = keys.length === entries.length ? keyringProblem(keys) : undefined;
  if (problem) context.addIssue(`does not fit: ${problem}`);
  return keys;
}

/** Where a switch's event socket listens. */
export interface SwitchAddress {
  host: string;
  port: number;
  password: string;
}

/** `AC…:token` or, during a rotation, `AC…:token:next`, separated by commas. */
export function parseSubaccounts(list: string, context: z.RefinementCtx): { sid: string; tokens: string[] }[] {
  const entries = list.split(',').map((entry) => entry.trim());
  const accounts = entries.filter(Boolean).flatMap((entry, index) => {
    const [sid = '', ...tokens] = entry.split(':');
    if (accountSidForm.test(sid) && tokens.length >= 1 && tokens.length <= 2 && tokens.every(Boolean))
      return [{ sid, tokens }];
    context.addIssue(`number ${index + 1} is no AC…:token or AC…:token:next`);
    return [];
  });
  if (new Set(accounts.map(({ sid }) => sid)).size < accounts.length) context.addIssue('names an account twice');
  return accounts;
}

/** Such as twilio.local; an address has others. */
export function hasTwoLabels(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return hostname.split('.').length === 2 && !hostname.startsWith('[');
}

/** A bare address stands for itself alone. */
export function parseNetworks(list: string, context: z.RefinementCtx): string[] {
  const networks = list.split(',').map((network) => network.trim());
  return networks.filter(Boolean).flatMap((network) => {
    if (ipaddr.isValidCIDR(network)) return [network];
    if (ipaddr.IPv4.isValidFourPartDecimal(network)) return [`${network}/32`];
    if (ipaddr.IPv6.isValid(network)) return [`${network}/128`];
    context.addIssue(`holds ${JSON.stringify(network)}, which is no CIDR range like 10.0.0.0/8`);
    return [];
  });
}

/** `esl://:password@host:port`, separated by commas; FreeSWITCH's own port and password where none is given. */
export function parseSwitches(list: string, context: z.RefinementCtx): SwitchAddress[] {
  const urls = list.split(',').map((url) => url.trim());
  const switches = urls.filter(Boolean).flatMap((text, index) => {
    // Other schemes than the web's keep their port, whichever it is.
    const full = text.replace(/^(?:[a-z][a-z0-9+.-]*:\/\/)?/i, 'esl://');
    const url = URL.canParse(full) ? new URL(full) : null;
    const password = url && decoded(url.password || url.username || 'ClueCon');
    if (!url?.hostname || password === null || /[\0\r\n]/.test(password) || !/^\/?$/.test(url.pathname)) {
      context.addIssue(`number ${index + 1} is no esl://:password@host:port (percent-encode special characters)`);
      return [];
    }
    return [{ host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 8021), password }];
  });
  const names = switches.map(({ host, port }) => `${host}:${port}`);
  if (new Set(names).size < names.length) context.addIssue('names a switch twice');
  return switches;
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
