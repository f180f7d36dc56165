/** The demo uses the service as anyone would: over its REST API. */
export function createApiClient(baseUrl: string, key: string) {
  async function call<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
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
    return (text === '' ? undefined : JSON.parse(text)) as Answer;
  }
  return {
    get: <Answer>(path: string) => call<Answer>('GET', path),
    put: <Answer>(path: string, body: unknown) => call<Answer>('PUT', path, body),
    post: <Answer>(path: string, body?: unknown) => call<Answer>('POST', path, body),
  };
}
