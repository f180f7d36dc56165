/** The API's url without a trailing slash. Throws TypeError if it, or the key, cannot be what it should be. */
export function apiUrl({ url, apiKey }: { url: string; apiKey: string }): string {
  const base = URL.canParse(url) ? new URL(url) : undefined;
  if (!base || !['http:', 'https:'].includes(base.protocol) || base.username || base.password)
    throw new TypeError('url must be the http or https url of the API, without credentials; apiKey carries them');
  // A header may have no other characters, and fetch would quote the key in its error.
  if (!/^[\x21-\x7e]+$/.test(apiKey)) throw new TypeError('apiKey must be a key of the API, irisx_…');
  return `${base.origin}${base.pathname.replace(/\/$/, '')}`;
}
