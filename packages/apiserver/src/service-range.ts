/** The first address of an IPv4 or IPv6 range, which the `kubernetes` Service has. */
export function firstAddress(range: string): string {
  const network = range.slice(0, range.indexOf('/'));
  if (network.includes(':')) return network.endsWith('::') ? `${network}1` : network;
  const octets = network.split('.').map(Number);
  return [...octets.slice(0, 3), octets[3]! + 1].join('.');
}
