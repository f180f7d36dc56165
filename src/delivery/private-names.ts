/**
 * Endings under which no public name exists: those for machines of one network (RFC 6762 §3 and appendix G, RFC 8375,
 * ICANN's `internal`), those that software uses (Kubernetes, Consul, DHCP), and DNS' own `arpa`.
 */
const privateSuffixes = new Set(
  'internal local localdomain lan home corp intranet private mail svc cluster consul docker arpa'.split(' '),
);

/**
 * Whether a name can only belong to a private network, by its form: it has one label, or one of those endings.
 * `hostname` is as the URL parser gives it, and not an address.
 */
export function isPrivateName(hostname: string): boolean {
  const labels = hostname.replace(/\.$/, '').split('.');
  return labels.length === 1 || privateSuffixes.has(labels.at(-1) ?? '');
}
