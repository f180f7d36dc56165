/** What the SDK passes to its HTTP client; we never use the rest of its options. */
export interface TwilioRequest {
  method: string;
  uri: string;
  username?: string;
  password?: string;
  headers?: Record<string, string>;
  params?: Record<string, unknown>;
  data?: Record<string, unknown>;
}

export interface TwilioResponse {
  statusCode: number;
  body: string;
  headers: Record<string, string>;
}

/** Twilio accepts no more requests at the moment; this one was not carried out. */
export class TwilioBusyError extends Error {
  override readonly name = 'TwilioBusyError';
  constructor(readonly retryAfterMs: number | undefined) {
    super('Twilio answered 429');
  }
}

/**
 * The SDK's own client keeps credentials and form in the errors that it throws, and its timeout limits only silence.
 * This one has a deadline for the whole request, follows no redirect and never retries. After a 429 it says when to
 * retry.
 */
export class TwilioHttp {
  constructor(private readonly deadlineMs: number) {}

  async request({
    method,
    uri,
    username = '',
    password = '',
    headers,
    params,
    data,
  }: TwilioRequest): Promise<TwilioResponse> {
    const url = new URL(uri);
    for (const [name, value] of fields(params)) url.searchParams.append(name, value);
    const credentials = Buffer.from(`${username}:${password}`).toString('base64');
    const response = await fetch(url, {
      method: method.toUpperCase(),
      headers: { ...headers, Authorization: `Basic ${credentials}` },
      ...(data && { body: new URLSearchParams(fields(data)).toString() }),
      redirect: 'manual',
      signal: AbortSignal.timeout(this.deadlineMs),
    });
    const body = await response.text();
    if (response.status === 429) throw new TwilioBusyError(retryAfterMs(response.headers.get('retry-after')));
    return { statusCode: response.status, body, headers: Object.fromEntries(response.headers) };
  }
}

/** A list is sent as a name that occurs several times. The SDK's values are text, or convert to it. */
function fields(record: Record<string, unknown> = {}): [string, string][] {
  return Object.entries(record).flatMap(([name, value]) =>
    value === undefined ? [] : [value as string | string[]].flat().map((one): [string, string] => [name, String(one)]),
  );
}

/** Whole seconds, at most five minutes; undefined for anything else (RFC 9110 §10.2.3 has dates; Twilio sends none). */
function retryAfterMs(header: string | null): number | undefined {
  return header !== null && /^\d{1,9}$/.test(header) ? Math.min(Number(header), 300) * 1_000 : undefined;
}
