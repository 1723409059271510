import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Returns whether only programs of this machine reach a server on this address. */
function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true;
  const version = isIP(host);
  return version !== 0 && loopback.check(host, version === 6 ? 'ipv6' : 'ipv4');
}

/**
 * Returns a check of the header `host`, or `undefined` if every host is allowed. A page of another site can lead its own name
 * to this machine (DNS rebinding), and then its requests look like requests of a page of this service. So on loopback only
 * these hosts are allowed: addresses, `localhost` and its subdomains, names without a dot, which nobody can register, and
 * the hosts of `ALLOWED_HOSTS`.
 *
 * @param boundHost the address on which the server listens
 * @param allowedHosts the hosts of `ALLOWED_HOSTS`, in lower case
 */
export function createHostCheck(
  boundHost: string,
  allowedHosts: readonly string[] | undefined,
): ((host: string | undefined) => boolean) | undefined {
  if (allowedHosts === undefined && !isLoopback(boundHost)) return undefined;
  const allowed = new Set(allowedHosts);
  let lastAllowed: string | undefined;
  // Clients that send no host are not browsers.
  return (host = '') => {
    if (host === lastAllowed) return true;
    const name = host.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase();
    const isAllowed =
      !name.includes('.') ||
      name.startsWith('[') ||
      isIP(name) !== 0 ||
      name.endsWith('.localhost') ||
      allowed.has(name);
    if (isAllowed) lastAllowed = host;
    return isAllowed;
  };
}
