/** The demo uses the service as anyone would: over its REST API. */
export function createApiClient(baseUrl: string, key: string) {
  async function call<Result>(method: string, path: string, body?: unknown): Promise<Result> {
    const response = await fetch(`${baseUrl}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as Result;
  }
  return {
    get: <Result>(path: string) => call<Result>('GET', path),
    put: <Result>(path: string, body: unknown) => call<Result>('PUT', path, body),
    post: <Result>(path: string, body?: unknown) => call<Result>('POST', path, body),
  };
}
