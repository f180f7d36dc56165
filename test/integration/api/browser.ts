import assert from 'node:assert/strict';
import type { Api, ApiResponse, Call } from './fixture.js';

/** Keeps cookies as a browser does, by their names alone, and follows no redirect by itself. */
export class Browser {
  readonly cookies = new Map<string, string>();
  constructor(private readonly api: Api) {}

  get cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** A page, not a call of the API. */
  async open(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> {
    const response = await fetch(new URL(url, this.api.url), {
      method,
      redirect: 'manual',
      headers: { ...(this.cookies.size > 0 && { Cookie: this.cookieHeader }), ...headers },
    });
    this.#keep(response.headers);
    return response;
  }

  /** A call with the cookies, for the session of that CSRF token unless it is null. */
  async call(
    csrfToken: string | null,
    method: string,
    path: string,
    { headers, ...call }: Omit<Call, 'key'> = {},
  ): Promise<ApiResponse> {
    const response = await this.api.call(method, path, {
      ...call,
      key: null,
      headers: {
        ...(this.cookies.size > 0 && { Cookie: this.cookieHeader }),
        ...(csrfToken !== null && { 'X-IRISX-Session': csrfToken }),
        ...headers,
      },
    });
    this.#keep(response.headers);
    return response;
  }

  #keep(headers: Headers): void {
    for (const line of headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/; Max-Age=0(;|$)/.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
  }
}

/** The url of a new link into the tenant's portal. */
export async function newLink(api: Api, tenantId: string, body: Record<string, unknown> = {}): Promise<string> {
  const made = await api.call('POST', `/v1/tenants/${tenantId}/portal-links`, { body });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return made.body.portal_link.url as string;
}

export interface Portal {
  browser: Browser;
  id: string;
  csrfToken: string;
  call(method: string, path: string, call?: Omit<Call, 'key'>): Promise<ApiResponse>;
}

/** A session in the tenant's portal, made by opening a link. */
export async function enterPortal(
  api: Api,
  tenantId: string,
  { browser = new Browser(api), ...link }: { browser?: Browser; [setting: string]: unknown } = {},
): Promise<Portal> {
  const response = await browser.open(await newLink(api, tenantId, link));
  assert.equal(response.status, 303);
  const { session } = (await browser.call(null, 'GET', '/v1/portal/session')).body;
  return {
    browser,
    id: session.id,
    csrfToken: session.csrf_token,
    call: (method, path, call) => browser.call(session.csrf_token as string, method, path, call),
  };
}
