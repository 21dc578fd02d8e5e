export { createDns, type Dns, type DnsConfig, type DnsDeps } from './dns.ts';
export { nameServersOf } from './forwarder.ts';
