import { isIP, isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';
import { checkUrl, type CheckedUrl, type CheckUrlOptions } from './check-url.js';

export interface AddressGuard {
  /** Whether a request may be sent to this address. Anything that is not a plain IP address is refused. */
  isAllowed(ip: string): boolean;
  /** A network is allowed besides the public ones: names that only a private network knows are looked up too. */
  readonly allowsPrivateNames: boolean;
  /**
   * Whether a tenant may register this url. No name is looked up here, since the addresses may differ at delivery, when
   * every address is checked. `url` is the parser's normal form: store that, never the text. A `reason` names the
   * value and the remedy, and never repeats a user name or password.
   */
  checkUrl(text: string, options: CheckUrlOptions): CheckedUrl;
}

type Network = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

const globalUnicast = ipaddr.parseCIDR('2000::/3');
const wellKnownNat64 = ipaddr.parseCIDR('64:ff9b::/96');
/** Azure's metadata and host agent: the address looks public, but the machine's own host answers there. */
const azureHostAgent = '168.63.129.16';

/**
 * Refuses every address that is not globally routable unicast, so that no tenant's url can reach our own networks: all
 * ranges of RFC 6890 and those added since to the IANA special-purpose registries. `allowedNetworks` (each a CIDR or
 * one address) are let through; IPv4 ones also in IPv4-mapped form. Throws an Error that names an entry that is
 * neither.
 */
export function createAddressGuard(allowedNetworks: string[]): AddressGuard {
  const allowed = allowedNetworks.map(parseNetwork);

  const isAllowed = (ip: string): boolean => {
    // isIP is strict, while ipaddr.js also takes 0x7f.1. An address with a zone id names an interface of this machine.
    if (isIP(ip) === 0 || ip.includes('%')) return false;
    const address = parseAddress(ip);
    return allowed.some((network) => contains(network, address)) || isGloballyRoutable(address);
  };
  return {
    isAllowed,
    allowsPrivateNames: allowed.length > 0,
    checkUrl: (text, options) => checkUrl(text, options, isAllowed),
  };
}

/** An allowlist, not a blocklist: new special ranges stay refused. */
function isGloballyRoutable(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address instanceof ipaddr.IPv4) return address.range() === 'unicast' && address.toString() !== azureHostAgent;
  // NAT64's well-known prefix is how an IPv6-only host reaches IPv4, so the IPv4 address inside it is judged.
  // The other embeddings (6to4, Teredo, IPv4-compatible, NAT64's local prefix 64:ff9b:1::/48) are refused entirely.
  if (address.match(wellKnownNat64)) return isGloballyRoutable(new ipaddr.IPv4(address.toByteArray().slice(12)));
  return address.match(globalUnicast) && address.range() === 'unicast';
}

/** Turns an IPv4-mapped address into the IPv4 address. */
function parseAddress(ip: string): ipaddr.IPv4 | ipaddr.IPv6 {
  // ipaddr.js reads ::8.8.8.8, the deprecated IPv4-compatible form, as the mapped ::ffff:8.8.8.8. It reads the
  // hexadecimal form, which the URL parser writes, correctly.
  return ipaddr.process(isIPv4(ip) ? ip : new URL(`http://[${ip}]`).hostname.slice(1, -1));
}

function contains(network: Network, address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  const [base, prefixLength] = network;
  if (base instanceof ipaddr.IPv4) return address instanceof ipaddr.IPv4 && address.match(base, prefixLength);
  return address instanceof ipaddr.IPv6 && address.match(base, prefixLength);
}

function parseNetwork(text: string): Network {
  const [ip = '', prefix, ...rest] = text.trim().split('/');
  const maxPrefixLength = isIPv4(ip) ? 32 : 128;
  const prefixLength = prefix === undefined ? maxPrefixLength : /^\d{1,3}$/.test(prefix) ? Number(prefix) : NaN;
  const refusal = `"${text}" is not a network; write it as CIDR, like 10.0.0.0/8 or fd00::/8`;
  if (isIP(ip) === 0 || ip.includes('%') || rest.length > 0 || !(prefixLength <= maxPrefixLength)) {
    throw new Error(refusal);
  }
  const base = parseAddress(ip);
  if (!(base instanceof ipaddr.IPv4) || isIPv4(ip)) return [base, prefixLength];
  // Mapped addresses are compared in their IPv4 form, so a mapped network is too.
  if (prefixLength < 96) throw new Error(refusal);
  return [base, prefixLength - 96];
}
