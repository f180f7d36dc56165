/**
 * Endings under which no public name exists: for machines of one network (RFC 6762 §3 and appendix G, RFC 8375, ICANN's
 * `internal`), what their software calls them (Kubernetes, Consul, DHCP), and DNS' own `arpa`.
 */
const privateEndings = new Set(
  'internal local localdomain lan home corp intranet private mail svc cluster consul docker arpa'.split(' '),
);

/**
 * Whether a name by its form can only be one of a private network: of one label, or under one of those endings.
 * `hostname` as the URL parser gives it, and no address.
 */
export function isPrivateName(hostname: string): boolean {
  const labels = hostname.replace(/\.$/, '').split('.');
  return labels.length === 1 || privateEndings.has(labels.at(-1) ?? '');
}
