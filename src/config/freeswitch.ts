import { z } from 'zod';

/** Where a switch's event socket listens. */
export interface SwitchAddress {
  host: string;
  port: number;
  /** A secret. */
  password: string;
}

/** The telephone switches whose calls become events. */
export interface FreeswitchConfig {
  /** The event sockets. Passwords are secrets. */
  readonly switches: readonly Readonly<SwitchAddress>[];
  /** The channel variable in which the dialplan names the tenant. */
  readonly tenantVariable: string;
  /** Makes a recording's url from its file; absent: RECORD_STOP makes no event. */
  readonly recordingUrlTemplate?: string;
}

export const freeswitchVariables = {
  FREESWITCH_URLS: z.string().default('').transform(parseSwitches),
  FREESWITCH_TENANT_VARIABLE: z
    .string()
    .regex(/^[A-Za-z_][\w.-]*$/, 'must be the name of a channel variable')
    .refine((value) => !/^sip_(h|i|rh|ph|bye_h)_/i.test(value), 'must not be a SIP header: any caller can send one')
    .default('tenant_id'),
  RECORDING_URL_TEMPLATE: z
    .string()
    .refine((value) => URL.canParse(value.replace(/[{}]/g, '')), 'must be a url')
    .refine(
      (value) => !/[{}]/.test(value.replace(/\{(path|file|call_sid)\}/g, '')),
      'may hold {path}, {file} and {call_sid}, and no other braces',
    )
    .optional(),
};

/** Undefined if no switch is named. */
export function loadFreeswitch(
  variables: z.output<z.ZodObject<typeof freeswitchVariables>>,
): FreeswitchConfig | undefined {
  if (variables.FREESWITCH_URLS.length === 0) return undefined;
  return {
    switches: variables.FREESWITCH_URLS,
    tenantVariable: variables.FREESWITCH_TENANT_VARIABLE,
    ...(variables.RECORDING_URL_TEMPLATE && { recordingUrlTemplate: variables.RECORDING_URL_TEMPLATE }),
  };
}

/** `esl://:password@host:port`, separated by commas; port and password default to FreeSWITCH's own. */
function parseSwitches(list: string, context: z.RefinementCtx): SwitchAddress[] {
  const urls = list.split(',').map((url) => url.trim());
  const switches = urls.filter(Boolean).flatMap((text, index) => {
    // The URL parser drops the default ports of the web's schemes; with any other scheme every port is kept.
    const full = text.replace(/^(?:[a-z][a-z0-9+.-]*:\/\/)?/i, 'esl://');
    const url = URL.canParse(full) ? new URL(full) : null;
    const password = url && decoded(url.password || url.username || 'ClueCon');
    if (!url?.hostname || password === null || /[\0\r\n]/.test(password) || !/^\/?$/.test(url.pathname)) {
      context.addIssue(`number ${index + 1} must be esl://:password@host:port (percent-encode special characters)`);
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
